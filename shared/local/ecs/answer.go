package ecs

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"strings"

	"imagedrop/shared/local/account"
)

// hostID is what error answers name as their host.
const hostID = "ecs." + account.Region + ".aliyuncs.com"

// failure is the body of an answer that is not a success. All members are
// strings: SDKs break on anything else.
type failure struct {
	RequestID string `json:"RequestId"`
	HostID    string `json:"HostId"`
	Code      string `json:"Code"`
	Message   string `json:"Message"`
	Recommend string `json:"Recommend"`
}

func writeRefusal(w http.ResponseWriter, r *http.Request, id string, status int, refused *refusal) {
	write(w, r, status, id, failure{
		RequestID: id,
		HostID:    hostID,
		Code:      refused.code,
		Message:   refused.Error(),
		Recommend: "https://api.aliyun.com/troubleshoot?q=" + refused.code + "&product=Ecs&requestId=" + id,
	})
}

// isXML reports whether the answer is to be XML: what Format asks for, by
// default XML in requests of signature version 1 and JSON in those of version 3.
// Source: the page "Common parameters" of ECS, parameter Format.
func (in input) isXML() bool {
	if format := in.params["Format"]; format != "" {
		return strings.EqualFold(format, "XML")
	}
	return in.v3 == nil
}

// write answers JSON or XML.
func write(w http.ResponseWriter, r *http.Request, status int, id string, answer any) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(answer); err != nil {
		status, body = http.StatusInternalServerError, bytes.Buffer{}
	}
	contentType := "application/json; charset=utf-8"
	if in := inputOf(r); in.isXML() {
		contentType = "text/xml; charset=utf-8"
		body = asXML(rootName(status, in.params["Action"]), &body)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("x-acs-request-id", id)
	w.WriteHeader(status)
	w.Write(body.Bytes())
}

func rootName(status int, action string) string {
	if status == http.StatusOK {
		return action + "Response"
	}
	return "Error"
}

// asXML spells a JSON document as RPC answers do in XML: an element for each
// member, a list as its member's element repeated.
func asXML(root string, doc io.Reader) bytes.Buffer {
	var out bytes.Buffer
	out.WriteString(xml.Header)
	dec := json.NewDecoder(doc)
	dec.UseNumber()
	element(&out, dec, root)
	return out
}

func element(out *bytes.Buffer, dec *json.Decoder, name string) {
	token, err := dec.Token()
	if err != nil {
		return
	}
	switch token {
	case json.Delim('['):
		for dec.More() {
			element(out, dec, name)
		}
		dec.Token()
	case json.Delim('{'):
		out.WriteString("<" + name + ">")
		for dec.More() {
			key, _ := dec.Token()
			element(out, dec, key.(string))
		}
		dec.Token()
		out.WriteString("</" + name + ">")
	default:
		out.WriteString("<" + name + ">")
		xml.EscapeText(out, []byte(text(token)))
		out.WriteString("</" + name + ">")
	}
}

func text(token json.Token) string {
	switch v := token.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}
