//go:build conformance

package conformance

import (
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// openNode asks with a script of node: a client of npm. Over HTTPS it trusts the
// authority of the cloud beside its own. ali-oss takes the address of an
// endpoint but sends it the host names of the real cloud; that of MNS has no
// path in its endpoint.
func openNode(script string, env ...string) func(*testing.T, *cloud, *row) asker {
	return func(t *testing.T, c *cloud, _ *row) asker {
		dir := npm(t, "node")
		node, err := exec.LookPath("node")
		require.NoError(t, err)
		queues, err := url.Parse(c.e.MNS)
		require.NoError(t, err)
		return start(t, dir, append([]string{
			"NODE_EXTRA_CA_CERTS=" + c.e.CAFile, "ECS_ENDPOINT=" + c.e.ECS, "ECS_HOST=" + strings.TrimPrefix(c.e.HTTPS.ECS, "https://"),
			"OSS_ENDPOINT=" + c.e.OSS, "MNS_ENDPOINT=http://" + queues.Host, "EC2_ENDPOINT=" + c.e.EC2, "FC_HOST=" + strings.TrimPrefix(c.e.HTTPS.FC, "https://"),
		}, env...), node, filepath.Join(dir, script))
	}
}
