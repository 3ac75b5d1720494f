// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"

	"github.com/godbus/dbus/v5"
)

// The two ways secrets cross the bus that the Secret Service API names ("Transfer of secrets"): encrypted under a key
// from a Diffie-Hellman exchange, so that who watches the bus sees nothing, or as they are.
const (
	encrypted = "dh-ietf1024-sha256-aes128-cbc-pkcs7"
	plain     = "plain"
)

// group is the second Oakley group (RFC 2409 6.2), whose generator is 2.
var group, _ = new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"+
	"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B"+
	"0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF", 16)

var errPadding = errors.New("the keyring's secret does not decrypt: its padding is wrong")

// A session is what secrets are read through.
type session struct {
	path  dbus.ObjectPath
	block cipher.Block // nil if they come as they are
}

// sealed is a secret on the bus: (oayays).
type sealed struct {
	Session       dbus.ObjectPath
	Params, Value []byte
	ContentType   string
}

// openSession agrees on a key, or on none with a keyring that knows no encryption.
func openSession(ctx context.Context, service dbus.BusObject) (*session, error) {
	secret, err := rand.Int(rand.Reader, new(big.Int).Sub(group, big.NewInt(3)))
	if err != nil {
		return nil, err
	}
	secret.Add(secret, big.NewInt(2))
	public := new(big.Int).Exp(big.NewInt(2), secret, group)

	s := new(session)
	var output dbus.Variant
	err = service.CallWithContext(ctx, openSessionMethod, 0, encrypted, dbus.MakeVariant(public.Bytes())).Store(&output, &s.path)
	if isError(err, "org.freedesktop.DBus.Error.NotSupported") {
		err = service.CallWithContext(ctx, openSessionMethod, 0, plain, dbus.MakeVariant("")).Store(&output, &s.path)
		return s, err
	}
	if err != nil {
		return nil, err
	}
	theirs, ok := output.Value().([]byte)
	if !ok {
		return nil, fmt.Errorf("the keyring's public key is of type %s, not bytes", output.Signature())
	}
	s.block, err = agree(secret, new(big.Int).SetBytes(theirs))
	return s, err
}

const openSessionMethod = service + ".OpenSession"

// agree returns the cipher for the shared secret: HKDF-SHA256 without salt and info over the group element in
// full length, AES-128.
func agree(secret, theirs *big.Int) (cipher.Block, error) {
	// 0, 1 and p-1 give a secret that everybody knows.
	if theirs.Cmp(big.NewInt(1)) <= 0 || theirs.Cmp(new(big.Int).Sub(group, big.NewInt(1))) >= 0 {
		return nil, errors.New("the keyring's public key is out of range")
	}
	shared := new(big.Int).Exp(theirs, secret, group).FillBytes(make([]byte, 128))
	key, err := hkdf.Key(sha256.New, shared, nil, "", 16)
	if err != nil {
		return nil, err
	}
	return aes.NewCipher(key)
}

// open returns the text of a secret.
func (s *session) open(v sealed) (string, error) {
	if len(v.Value) > maxSecret {
		return "", fmt.Errorf("the keyring's secret has %d bytes, more than %d", len(v.Value), maxSecret)
	}
	if s.block == nil {
		return string(v.Value), nil
	}
	size := s.block.BlockSize()
	if len(v.Params) != size || len(v.Value) == 0 || len(v.Value)%size != 0 {
		return "", fmt.Errorf("the keyring's secret of %d bytes with an initialization vector of %d is not AES-CBC", len(v.Value), len(v.Params))
	}
	text := make([]byte, len(v.Value))
	cipher.NewCBCDecrypter(s.block, v.Params).CryptBlocks(text, v.Value)
	pad := int(text[len(text)-1])
	if pad == 0 || pad > size {
		return "", errPadding
	}
	for _, b := range text[len(text)-pad:] {
		if int(b) != pad {
			return "", errPadding
		}
	}
	return string(text[:len(text)-pad]), nil
}
