# SPDX-License-Identifier: Apache-2.0
# Not built here: no Nix could be had; only the syntax was read over. Use it as
#   networking.networkmanager.plugins = [ (pkgs.callPackage ./packaging/nix { }) ];
# The source is the tarball of `make dist`, which has the Go modules in it.
{
  lib,
  stdenv,
  go_1_26,
  gettext,
  gtk3,
  meson,
  networkmanager,
  ninja,
  pkg-config,
  withGnome ? true,
  src ? ../../build/dist/network-manager-softether-0.1.0.tar.xz,
}:

stdenv.mkDerivation {
  pname = "NetworkManager-softether";
  version = "0.1.0";
  inherit src;

  nativeBuildInputs = [
    gettext
    go_1_26
    meson
    ninja
    pkg-config
  ];
  buildInputs = [ networkmanager ] ++ lib.optional withGnome gtk3;

  mesonFlags = [
    (lib.mesonEnable "gui" withGnome)
    # NixOS gathers the plugins' folders itself.
    "-Dnm_vpn_dir=${placeholder "out"}/lib/NetworkManager/VPN"
    "-Ddbus_policy_dir=${placeholder "out"}/share/dbus-1/system.d"
    "-Deditor_dir=${placeholder "out"}/lib/NetworkManager"
  ];
  env = {
    GOFLAGS = "-mod=vendor";
    GOPROXY = "off";
    GOTOOLCHAIN = "local";
  };
  preConfigure = ''
    export GOCACHE=$TMPDIR/go-cache
  '';

  # NixOS makes system users by its own means:
  #   users.users.nm-softether = { isSystemUser = true; group = "nm-softether"; };
  #   users.groups.nm-softether = { };
  passthru.networkManagerPlugin = "VPN/nm-softether-service.name";

  meta = {
    description = "NetworkManager VPN plugin for SoftEther";
    license = lib.licenses.asl20;
    platforms = lib.platforms.linux;
  };
}
