package template

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMalformedFrom(t *testing.T) {
	const family = "IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64"
	for _, test := range []struct {
		argument string
		marked   string
		meant    string // what the help and the fix say, "" for nothing
	}{
		{"", "FROM", ""},
		{"IMAGE:", "IMAGE:", ""},
		{"OSS:x", "OSS:x", ""},
		{"ubuntu:22.04", "ubuntu:22.04", ""},
		{"IMAGE:m-1234 AS base", "AS base", ""},
		{"image-family:acs:alibaba_cloud_linux_3_2104_lts_x64", "image-family:acs:alibaba_cloud_linux_3_2104_lts_x64", family},
		{"acs:alibaba_cloud_linux_3_2104_lts_x64", "acs:alibaba_cloud_linux_3_2104_lts_x64", family},
		{"m-bp67acfmxazb4p", "m-bp67acfmxazb4p", "IMAGE:m-bp67acfmxazb4p"},
		{`"IMAGE:m-bp67acfmxazb4p"`, `"IMAGE:m-bp67acfmxazb4p"`, "IMAGE:m-bp67acfmxazb4p"},
		{"IMAGE: m-bp67acfmxazb4p", "IMAGE: m-bp67acfmxazb4p", "IMAGE:m-bp67acfmxazb4p"},
		{"image:m-x --flag LTAI5tAbCdEfGhIjKlMnOpQr", "image:m-x --flag LTAI5tAbCdEfGhIjKlMnOpQr", ""},
		{"IMAGE: LTAI5tAbCdEfGhIjKlMnOpQr", "IMAGE: LTAI5tAbCdEfGhIjKlMnOpQr", ""},
		{"image:LTAI5tAbCdEfGhIjKlMnOpQr", "image:LTAI5tAbCdEfGhIjKlMnOpQr", ""},
	} {
		t.Run(test.argument, func(t *testing.T) {
			got := ParseFile("templates/web.Dockerfile", []byte("FROM "+test.argument+"\n"))
			f := got.Findings[0]
			require.Equal(t, "IB0123", f.Rule)
			require.Equal(t, test.marked, marked(t, got.Text(f), f))
			if test.meant == "" {
				require.Nil(t, f.Fix)
				return
			}
			require.Equal(t, "did you mean FROM "+test.meant+"?", f.Help)
			fixed, _ := ApplyFixes(got.Text(f), []Finding{f})
			require.Equal(t, "FROM "+test.meant+"\n", fixed)
			require.Empty(t, ParseFile("templates/web.Dockerfile", []byte(fixed)).Findings)
		})
	}
}
