package oss

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
)

// maxConfiguration bounds the XML body of a request in bytes; ours.
const maxConfiguration = 2 << 20

// document reads the XML body of a request, whose digest must be right where
// one was sent.
func (c *call) document(v any) error {
	body, err := c.body(maxConfiguration)
	if err != nil {
		return err
	}
	sum := md5.Sum(body)
	if sent := c.Header.Get("Content-MD5"); sent != "" && sent != base64.StdEncoding.EncodeToString(sum[:]) {
		return errInvalidDigest
	}
	if decodeXML(body, v) != nil {
		return errMalformedXML
	}
	return nil
}

// decodeXML decodes a request's document. Clients write the control characters
// of keys as references, which XML 1.0 does not allow and encoding/xml refuses;
// they come out as plainControls takes them.
func decodeXML(body []byte, v any) error {
	return xml.Unmarshal(controlReference.ReplaceAllFunc(body, stowControl), v)
}

var controlReference = regexp.MustCompile(`&#(?:[xX][0-9a-fA-F]{1,8}|[0-9]{1,8});`)

// stowed stands before a letter in place of a control character. It is no
// character of Unicode, so no text has it.
const stowed = "\U0010FFFE"

func stowControl(reference []byte) []byte {
	digits, base := string(bytes.TrimSuffix(reference[len("&#"):], []byte(";"))), 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	code, err := strconv.ParseUint(digits, base, 32)
	if err != nil || code == 0 || code >= ' ' || code == '\t' || code == '\n' || code == '\r' {
		return reference
	}
	return []byte(stowed + string(rune('@'+code)))
}

// plainControls puts the control characters back that decodeXML stowed away.
var plainControls = strings.NewReplacer(stowedControls()...)

func stowedControls() (pairs []string) {
	for code := '\x01'; code < ' '; code++ {
		pairs = append(pairs, stowed+string('@'+code), string(code))
	}
	return pairs
}
