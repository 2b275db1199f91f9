package template

import (
	"fmt"
	"strings"
	"testing"
)

// large is a template at both limits: 127 commands in nearly 16,384 bytes.
func large() []byte {
	var b strings.Builder
	b.WriteString("# ---\n# name: web\n# tags: {team: web}\n# imageOptions: {imageName: web}\n# ---\nFROM IMAGE:m-bp67acfmxazb4p****\n")
	for i := range maxCommands - 1 {
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "ENV KEY_%d=\"value %d\" OTHER_%d=\"%s\"\n", i, i, i, strings.Repeat("v", 76))
		case 1:
			fmt.Fprintf(&b, "COPY /opt/source-%d/%s /opt/target-%d\n", i, strings.Repeat("p", 76), i)
		default:
			fmt.Fprintf(&b, "RUN yum install -y package-%d \\\n  # why\n  %s \\\n  && systemctl enable service-%d\n", i, strings.Repeat("x", 76), i)
		}
	}
	return []byte(b.String())
}

// BenchmarkLint16KB reads and judges one template with every rule.
func BenchmarkLint16KB(b *testing.B) {
	text := large()
	t := ParseFile("templates/web.Dockerfile", text)
	if len(t.Findings) > 0 || t.Content.Commands != maxCommands {
		b.Fatal(t.Content.Commands, t.Findings)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		ParseFile("templates/web.Dockerfile", text)
	}
}
