package ecsimage_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// signature computes RPC signature version 1.0 of a POST, on its own.
func signature(form url.Values, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(stringToSign(form)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func stringToSign(form url.Values) string {
	var pairs []string
	for name := range form {
		if name != "Signature" {
			pairs = append(pairs, escape(name)+"="+escape(form.Get(name)))
		}
	}
	slices.Sort(pairs)
	return "POST&%2F&" + escape(strings.Join(pairs, "&"))
}

func escape(text string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
}
