package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A secret is found, and repeated in no format: not by its own finding, and not
// by another one of its line.
func TestLintRepeatsNoSecret(t *testing.T) {
	key, secret := "LTAI"+"5tQnKxVbRzWmYpHdGsLc", "hunter2-and-more"
	text := "run\techo " + key + " <<X\n" +
		"ENV DB_PASSWORD=" + secret + " A=b\n" +
		"env DB_PASSWORD " + secret + "\n" +
		"run  export DB_PASSWORD='" + secret + "' && echo 'root:" + secret + "' | chpasswd\n" +
		"RUN apt-get install x; curl -u app:" + secret + " -H 'Authorization: Bearer " + secret + "' https://app:" + secret + "@example.com/x | sh\n" +
		"RUN mysql --password=" + secret + " -e 'select 1'\n" +
		"RUN echo '-----BEGIN RSA PRIVATE KEY-----\\\n" +
		"\tMIIEpAIBAAKCAQEA" + secret + "\\\n" +
		"-----END RSA PRIVATE KEY-----' > /root/.ssh/id_rsa\n"
	file := write(t, "web.Dockerfile", text)
	for _, f := range lintFormats {
		r := imagedrop(t, "lint", "--pedantic", "--format", f.name, file).requireCode(t, exitRejected)
		require.NotContains(t, r.out, key, f.name)
		require.NotContains(t, r.out, secret, f.name)
		for _, rule := range []string{"IB0401", "IB0403", "IB0012"} {
			require.Contains(t, r.out, rule, f.name)
		}
	}
	r := imagedrop(t, "lint", file)
	require.Regexp(t, `\| ENV DB_PASSWORD=\*+ A=b\n`, r.out)
}

// A private key is more than the line that it begins with: where the next ones are
// taken for commands, or the line ends go as \n, they are printed no more than that.
func TestLintRepeatsNoPartOfAPrivateKey(t *testing.T) {
	const part = "MIIEpAIBAAKCAQEA7x"
	const key = "-----BEGIN RSA PRIVATE KEY-----NEXT" + part + "NEXT-----END RSA PRIVATE KEY-----"
	escaped := strings.ReplaceAll(key, "NEXT", `\n`)
	dir := folder(t, map[string]string{
		"a.Dockerfile": "RUN echo \"" + strings.ReplaceAll(key, "NEXT", "\n") + "\" > /k\n",
		"b.Dockerfile": "ENV TLS=" + escaped + "\nRUN printf '" + escaped + "' > /k\n",
		"c.yaml":       "Parameters:\n  tls: {Type: Number, DefaultValue: \"" + escaped + "\"}\nTasks:\n  - " + strings.ReplaceAll(key, "NEXT", "\n    "),
		"d.json":       `{"content": "RUN printf '` + escaped + `'", "tags": {"tls": "` + escaped + `"}}`,
	})
	for _, f := range lintFormats {
		r := imagedrop(t, "lint", "--pedantic", "--format", f.name, dir).requireCode(t, exitRejected)
		require.Contains(t, r.out, "IB0402", f.name)
		require.NotContains(t, r.out, part, f.name)
	}
	r := imagedrop(t, "plan", "--offline", "--content", dir).requireCode(t, exitRejected)
	require.NotContains(t, r.out, part)
}

// What a plan says first is the name, which may be anything.
func TestPlanRepeatsNoSecretName(t *testing.T) {
	key := "LTAI" + "5tQnKxVbRzWmYpHdGsLc"
	file := write(t, "web.Dockerfile", "# ---\n# name: "+key+"\n# ---\nRUN true\n")
	for _, form := range []string{"--content", "--json"} {
		r := imagedrop(t, "plan", "--offline", form, file).requireCode(t, exitRejected)
		require.Contains(t, r.out, "IB0401")
		require.NotContains(t, r.out, key)
	}
}

// Nor is it repeated where its own finding is suppressed, is one of too many, or
// where no shell can read the command.
func TestLintRepeatsNoSuppressedSecret(t *testing.T) {
	const secret = "Kx9mQ2vLLzz"
	texts := []string{
		"# ib:ignore IB0403 of the test\nENV DB_PASSWORD=" + secret + "\n",
		"# ib:ignore IB0405 of the test\nRUN yum install a && mysql -p" + secret + " -e a\n",
		"RUN yum install a && curl -H 'X-Auth-Token: " + secret + "' https://app:" + secret + "@example.com/\n",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE/" + secret + "\n" + secret + "==\n-----END RSA PRIVATE KEY-----\nRUN yum install a\n",
		"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPrivate-Lines: 1\n" + secret + "\n" + secret + "/a\nPrivate-MAC: a\n",
		"RUN ( curl -fsS https://app:" + secret + "@example.com/ && tool --password " + secret + " DB_PASSWORD=" + secret + " && (\n",
		strings.Repeat("ENV DB_PASSWORD=\""+secret+"\"\n", 300) + "RUN mysql -p" + secret + " && yum install a\nENV DB_PASSWORD=" + secret + "\n",
	}
	for _, text := range texts {
		file := write(t, "web.Dockerfile", text)
		for _, f := range lintFormats {
			r := imagedrop(t, "lint", "--pedantic", "--format", f.name, file)
			require.NotContains(t, r.out, secret, "%s of %.80s", f.name, text)
		}
	}
}

// What no rule reads is covered, too: here-documents, what a quote that is left open was
// meant to hold, what stands behind a mistake, comments, and YAML that is none.
func TestShownLinesRepeatNoSecret(t *testing.T) {
	const secret = "Kx9mQ2vLLzz"
	secrets := []string{
		"mysql -uroot -p" + secret + " -e a", "curl -u app:" + secret + " https://example.com/ -o a", "echo root:" + secret + " | chpasswd", "chpasswd <<X\nroot:" + secret + "\nX",
		"sshpass -p " + secret + " ssh a", "wget --header='Authorization: Basic " + secret + "' https://example.com/", "mysql -e \"IDENTIFIED BY '" + secret + "'\"",
		"export DB_PASSWORD='a " + secret + "'", "git clone https://" + secret + "@example.com/a", "net user admin " + secret + "x7 /add", "{\"password\": \"" + secret + "\"}",
		"machine example.com login app password " + secret, "'$6$salt$" + secret + secret + "'",
	}
	for _, text := range secrets {
		line := strings.ReplaceAll(text, "\n", " ")
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		dir := folder(t, map[string]string{
			"heredoc.Dockerfile": "run <<EOF\n" + text + "\nEOF\nrun true\n",
			"open.Dockerfile":    "RUN cat <<EOF\n" + text + "\nRUN apt-get install a; " + line + "\n",
			"quote.Dockerfile":   "RUN bash -c '\n" + strings.ReplaceAll(text, "'", "\"") + "\nyum install a'\n",
			"broken.Dockerfile":  "RUN apt-get install a && ( " + line + "\n",
			"stray.Dockerfile":   "RUN true &&\n  " + line + "\nADD " + line + "\nrnu " + line + "\n",
			"comment.Dockerfile": "# ib:ignore IB0101 " + line + "\nRUN true\n# ib:ignore " + line + "\n",
			"header.Dockerfile":  "# ---\n# name: " + line + "\n# " + line + ": a\n# ---\nRUN true\n",
			"broken.yaml":        "Tasks:\n- Name: a\n  Action: RunShellCommand\n  Properties:\n\tcommandContent: " + line + "\n - " + line + "\n",
			"odd.yaml":           "Tasks:\n- Name: a\n  Action: " + string(quoted) + "\n  Properties: {" + string(quoted) + ": 1}\n",
			"message.json":       `{"content": "RUN <<E\n` + string(quoted[1:len(quoted)-1]) + `\nE\n", "nmae": ` + string(quoted) + `}`,
		})
		for _, args := range [][]string{{"lint", "--pedantic"}, {"lint", "--pedantic", "--format", "sarif"}, {"lint", "--diff"}, {"plan", "--offline", "--content"}, {"plan", "--offline", "--json"}} {
			r := imagedrop(t, append(args, dir, filepath.Join(dir, "message.json"))...)
			require.NotContains(t, r.out+r.err, secret, "%s of %s", args, text)
		}
	}
}

// A difference is read by as many as a report. The file gets the secret, and so does
// who asks for the mended text.
func TestDiffRepeatsNoSecret(t *testing.T) {
	const secret = "Kx9mQ2vLLzz"
	text := "run mysql -p" + secret + " -e a\n# " + secret + secret + "\nenv DB_PASSWORD " + secret + "\n"
	file := write(t, "web.Dockerfile", text)
	r := imagedrop(t, "lint", "--diff", file)
	require.NotContains(t, r.out, secret)
	require.Contains(t, r.out, "-run mysql ************* -e a\n+RUN mysql ************* -e a\n")
	imagedrop(t, "lint", "--fix", file)
	mended, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "RUN mysql -p"+secret+" -e a\n# "+secret+secret+"\nENV DB_PASSWORD=\""+secret+"\"\n", string(mended))
}
