package oss

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// Whatever stands in the list is refused, by its name, in every request that
// could be taken for another one.
func TestWhatStandsInTheListIsRefused(t *testing.T) {
	st, err := store.OpenMemory()
	require.NoError(t, err)
	defer st.Close()
	service := New(account.New(), st, Options{NoAuth: true})
	require.NoError(t, service.CreateBucket("demo-bucket"))
	for name, what := range leftOut {
		for _, target := range []string{"GET /demo-bucket/", "PUT /demo-bucket/k", "GET /demo-bucket/k", "DELETE /demo-bucket/k", "POST /demo-bucket/k"} {
			method, path, _ := strings.Cut(target, " ")
			r := httptest.NewRequest(method, path+"?"+name, nil)
			if strings.HasPrefix(name, "x-oss-") && method == "PUT" {
				r = httptest.NewRequest(method, path, strings.NewReader("body"))
				r.Header.Set(name, "anything")
			}
			w := httptest.NewRecorder()
			service.ServeHTTP(w, r)
			require.Equal(t, 501, w.Code, "%s ?%s: %s", target, name, w.Body)
			require.Contains(t, w.Body.String(), "<Code>NotImplemented</Code><Message>The local cloud leaves out "+what+": "+name)
		}
	}
}
