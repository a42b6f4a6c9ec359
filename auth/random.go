package auth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// randomText returns n letters and digits, each drawn evenly: 5.95 bits a character.
func randomText(n int) string {
	var out strings.Builder
	for range n {
		// rand.Int fails only when the system has no randomness, and rand.Reader ends the program then.
		i, _ := rand.Int(rand.Reader, big.NewInt(int64(len(base62))))
		out.WriteByte(base62[i.Int64()])
	}
	return out.String()
}

// splitHash decodes the salt and the key at the end of a PHC string.
func splitHash(rest string) (salt, key []byte, err error) {
	first, second, ok := strings.Cut(rest, "$")
	salt, err1 := base64.RawStdEncoding.DecodeString(first)
	key, err2 := base64.RawStdEncoding.DecodeString(second)
	if !ok || err1 != nil || err2 != nil || len(salt) < 8 || len(key) < 16 {
		return nil, nil, errors.New("malformed salt or key")
	}
	return salt, key, nil
}
