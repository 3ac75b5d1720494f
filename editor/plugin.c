// SPDX-License-Identifier: Apache-2.0

// The class that libnm makes of this library, an NMVpnEditorPlugin. Everything it does, Go does (plugin.go): here are
// only the tables GObject wants.

#include <unistd.h>

#include "plugin.h"
#include "_cgo_export.h"

typedef struct {
	GObject parent;
} SoftetherPlugin;

typedef struct {
	GObjectClass parent;
} SoftetherPluginClass;

static GType softether_plugin_get_type(void);
static void softether_plugin_interface_init(NMVpnEditorPluginInterface *iface);

G_DEFINE_TYPE_WITH_CODE(SoftetherPlugin, softether_plugin, G_TYPE_OBJECT,
	G_IMPLEMENT_INTERFACE(NM_TYPE_VPN_EDITOR_PLUGIN, softether_plugin_interface_init))

enum { PROP_0, PROP_NAME, PROP_DESCRIPTION, PROP_SERVICE };

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
	switch (id) {
	case PROP_NAME:
		g_value_set_string(value, SOFTETHER_NAME);
		break;
	case PROP_DESCRIPTION:
		g_value_take_string(value, softetherDescription());
		break;
	case PROP_SERVICE:
		g_value_set_string(value, SOFTETHER_SERVICE);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
	}
}

static void softether_plugin_init(SoftetherPlugin *self) {
	(void)self;
}

static void softether_plugin_class_init(SoftetherPluginClass *class) {
	GObjectClass *object = G_OBJECT_CLASS(class);
	object->get_property = get_property;
	g_object_class_override_property(object, PROP_NAME, NM_VPN_EDITOR_PLUGIN_NAME);
	g_object_class_override_property(object, PROP_DESCRIPTION, NM_VPN_EDITOR_PLUGIN_DESCRIPTION);
	g_object_class_override_property(object, PROP_SERVICE, NM_VPN_EDITOR_PLUGIN_SERVICE);
}

static NMVpnEditorPluginCapability get_capabilities(NMVpnEditorPlugin *plugin) {
	(void)plugin;
	return NM_VPN_EDITOR_PLUGIN_CAPABILITY_IMPORT | NM_VPN_EDITOR_PLUGIN_CAPABILITY_EXPORT | NM_VPN_EDITOR_PLUGIN_CAPABILITY_IPV6;
}

static NMVpnEditor *get_editor(NMVpnEditorPlugin *plugin, NMConnection *connection, GError **error) {
	(void)plugin;
	return softetherNewEditor(connection, error);
}

static NMConnection *import_from_file(NMVpnEditorPlugin *plugin, const char *path, GError **error) {
	(void)plugin;
	return softetherImport((char *)path, error);
}

static gboolean export_to_file(NMVpnEditorPlugin *plugin, const char *path, NMConnection *connection, GError **error) {
	(void)plugin;
	return softetherExport((char *)path, connection, error);
}

static char *get_suggested_filename(NMVpnEditorPlugin *plugin, NMConnection *connection) {
	(void)plugin;
	return softetherFileName(connection);
}

static void softether_plugin_interface_init(NMVpnEditorPluginInterface *iface) {
	iface->get_editor = get_editor;
	iface->get_capabilities = get_capabilities;
	iface->import_from_file = import_from_file;
	iface->export_to_file = export_to_file;
	iface->get_suggested_filename = get_suggested_filename;
}

// The one symbol of the library. cgo hides its own exports from the linker's version script, so this one is here.
G_MODULE_EXPORT NMVpnEditorPlugin *nm_vpn_editor_plugin_factory(GError **error) {
	(void)error;
	return g_object_new(softether_plugin_get_type(), NULL);
}

void softether_set_error(GError **error, int code, const char *text) {
	g_set_error_literal(error, NM_CONNECTION_ERROR, code, text);
}

// softether_say shows a line where the host shows its messages: on standard error, or in the journal.
void softether_say(const char *text) {
	g_log("nm-softether", G_LOG_LEVEL_MESSAGE, "%s", text);
}

NMConnection *softether_connection_new(const char *id, NMSettingVpn *vpn) {
	NMConnection *connection = nm_simple_connection_new();
	NMSetting *s = nm_setting_connection_new();
	char *uuid = nm_utils_uuid_generate();
	g_object_set(s, NM_SETTING_CONNECTION_ID, id, NM_SETTING_CONNECTION_UUID, uuid,
		NM_SETTING_CONNECTION_TYPE, NM_SETTING_VPN_SETTING_NAME, NULL);
	g_free(uuid);
	nm_connection_add_setting(connection, s);
	g_object_set(vpn, NM_SETTING_VPN_SERVICE_TYPE, SOFTETHER_SERVICE, NULL);
	nm_connection_add_setting(connection, NM_SETTING(vpn));
	s = nm_setting_ip4_config_new();
	g_object_set(s, NM_SETTING_IP_CONFIG_METHOD, NM_SETTING_IP4_CONFIG_METHOD_AUTO, NULL);
	nm_connection_add_setting(connection, s);
	s = nm_setting_ip6_config_new();
	g_object_set(s, NM_SETTING_IP_CONFIG_METHOD, NM_SETTING_IP6_CONFIG_METHOD_AUTO, NULL);
	nm_connection_add_setting(connection, s);
	return connection;
}

// Only root's connections are for everybody.
void softether_gate(NMConnection *connection) {
	NMSettingConnection *s = nm_connection_get_setting_connection(connection);
	g_object_set(s, NM_SETTING_CONNECTION_AUTOCONNECT, FALSE, NULL);
	if (getuid() != 0)
		nm_setting_connection_add_permission(s, "user", g_get_user_name(), NULL);
}

void softether_names(NMConnection *connection, int priority) {
	NMSettingIPConfig *s[] = { nm_connection_get_setting_ip4_config(connection), nm_connection_get_setting_ip6_config(connection) };
	// The family that decides whether the tunnel is a full one, as strict/guard has it.
	const char *method = s[0] ? nm_setting_ip_config_get_method(s[0]) : NULL;
	gboolean absent = !g_strcmp0(method, NM_SETTING_IP4_CONFIG_METHOD_DISABLED);
	NMSettingIPConfig *chief = s[absent ? 1 : 0];
	gboolean split = chief && nm_setting_ip_config_get_never_default(chief);
	for (int i = 0; i < 2; i++) {
		int now = s[i] ? nm_setting_ip_config_get_dns_priority(s[i]) : 0;
		if (s[i] && now == (split ? priority : 0))
			g_object_set(s[i], NM_SETTING_IP_CONFIG_DNS_PRIORITY, split ? 0 : priority, NULL);
	}
}

NMSettingVpn *softether_vpn_add(NMConnection *connection) {
	NMSettingVpn *vpn = NM_SETTING_VPN(nm_setting_vpn_new());
	g_object_set(vpn, NM_SETTING_VPN_SERVICE_TYPE, SOFTETHER_SERVICE, NULL);
	nm_connection_add_setting(connection, NM_SETTING(vpn));
	return vpn;
}
