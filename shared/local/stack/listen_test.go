package stack

import (
	"io"
	"log"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Clients that keep every service busy are waited for once, not once a service:
// here each answers only when the other is being closed.
func TestServersCloseTogether(t *testing.T) {
	var servers []*server
	var answers []chan string
	closing := []chan struct{}{make(chan struct{}), make(chan struct{})}
	for i := range closing {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		require.NoError(t, err)
		begun, answer := make(chan struct{}), make(chan string, 1)
		servers = append(servers, serve([]net.Listener{l}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-r.Context().Done()
			close(closing[i])
			<-closing[1-i]
			io.WriteString(w, "answered")
		}), log.New(io.Discard, "", 0)))
		answers = append(answers, answer)
		go func() {
			text := ""
			if res, err := http.Get("http://" + l.Addr().String()); err == nil {
				body, _ := io.ReadAll(res.Body)
				text = string(body)
				res.Body.Close()
			}
			answer <- text
		}()
		<-begun
	}
	require.NoError(t, closeServers(servers))
	for _, answer := range answers {
		require.Equal(t, "answered", <-answer)
	}
}
