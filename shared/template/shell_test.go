package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rulesIn are the rules of the findings of a text, each time it is found.
func rulesIn(text string) (ids []string) {
	for _, f := range ParseFile("templates/web.Dockerfile", []byte(text)).Findings {
		ids = append(ids, f.Rule)
	}
	return ids
}

// What a shell reads, or never comes to, is no syntax error, though the parser
// sees one.
func TestSyntaxErrorsAreCertain(t *testing.T) {
	for _, text := range []string{
		`eval LIST=( $A ) && eval declare -A map=($(a))`,
		"echo $((time -p a) 2>&1)",
		"echo $((1 +)) ${a:(-1} ${}",
		"echo `a ( b`",
		"exec python3; print (1)",
		"case a in a) echo $a#b; esac",
		"! ; true",
		"[[ a =~ <b ]]",
		"if ((a[b c] > 1)); then echo; fi",
		"echo $(((a  b) / 2))",
		"A=`echo !(a`",
		"A=(b) true",
		"if < a ! true; then b; fi",
		"case ${ )a} in b) c ;; esac",
		"for a in ${|b}; do c; done",
	} {
		require.NotContains(t, rulesIn("RUN "+text+"\n"), "IB0300", text)
	}
	for _, text := range []string{"A=\"b", "export A='b", "A=${b", "A=$(b", "echo \"`a\"", "A=`a b", "if[ -f a ]; then b; fi",
		"while[ \"$a\" = b ]; do c; done", "echo \"${a\" \"b\"", "A=(b c", "if a; then \\\n fi", "echo (", "if a", "a && ", "'", "a ;; b",
		"done", "a | | b", "f() {", "case a in a) b", "echo $(a",
		"for i in 1 2 3 do echo $i; done", "select a in b; echo; done", "for i in a b; echo $i; done"} {
		require.Contains(t, rulesIn("RUN "+text+"\n"), "IB0300", text)
	}
}

// What a shell expands in a here-document it reads as it runs the command: a mistake in
// it is a warning, and the rest of the script is judged.
func TestSyntaxOfHereDocuments(t *testing.T) {
	const task = "Tasks:\n- Name: a\n  Action: RunShellCommand\n  Properties:\n    commandContent: |\n"
	for script, want := range map[string][]string{
		"cat <<E\n$(a\nE\nyum install b":                        {"IB0300 warning 7", "IB0301 error 9"},
		"cat <<-'E' <<A\n\t$(a\n\tE\n`b\nA\n(true)":             {"IB0300 warning 9"},
		"cat <<E\n${a\nE\nyum install b; fi":                    {"IB0301 error 9", "IB0300 error 9"},
		"echo $((1 << 2))\ncat <<E\n$(a\nE\necho $(b":           {"IB0300 error 10"},
		"cat <<'E'\n${a $(b `c\nE\ncat <<< ${d}; yum install b": {"IB0301 error 9"},
		"[[ -n\n $a ]] && yum install b":                        {"IB0301 error 7"},
		"echo ${a[@]b} && yum install b":                        {"IB0300 warning 6"},
	} {
		var got []string
		for _, f := range ParseFile("templates/web.yaml", []byte(task+"      "+strings.ReplaceAll(script, "\n", "\n      ")+"\n")).Findings {
			got = append(got, fmt.Sprintf("%s %s %d", f.Rule, f.Severity, f.Line))
		}
		require.ElementsMatch(t, want, got, script)
	}
}

// One broken command neither hides nor joins the others.
func TestCommandsAreReadApart(t *testing.T) {
	require.Equal(t, []string{"IB0300", "IB0301", "IB0300"}, rulesIn("RUN if true\nRUN yum install a\nRUN fi\n"))
	require.Equal(t, []string{"IB0300", "IB0301"}, rulesIn("RUN echo 'a\nRUN yum install a; echo b'\n")[:2])
	require.Equal(t, []string{"IB0301", "IB0301"}, rulesIn("RUN yum install a # &&\nRUN yum install b\n"))
	require.Equal(t, []string{"IB0301", "IB0300"}, rulesIn("RUN yum install a; (\n"))
}

// However deep or long a text is, it is read or left, and other texts are read.
func TestBoundsOfShellText(t *testing.T) {
	for _, part := range []string{"(", "$(", "{ ", "`", "if ", "! ", "((", "${", "$((", "[[ ( ", `"$(`, "while ", "a() ", "$[", "a=(", "<(", "a && ", "a | ", "cat <<a\n", "sh -c '",
		"find -exec ", "f() { \"$@\"; }; f ", "find() { \"${@:2}\"; }; find -exec ", "find -exec a + -exec ", "eval ", "<<a <<b "} {
		text := "RUN " + strings.ReplaceAll(strings.Repeat(part, MaxContentBytes/len(part)), "\n", "") + "\nRUN yum install a\n"
		require.Contains(t, rulesIn(text), "IB0301", part)
	}
	require.Contains(t, rulesIn("RUN yum install a\n"+strings.Repeat("RUN true # "+strings.Repeat("x", 1000)+"\n", 200)), "IB0301")
}

// TestNestedTexts: a text within a text is read, and its places are those of
// the file as far as it stands there as it is.
func TestNestedTexts(t *testing.T) {
	for text, want := range map[string]int{
		`RUN sh -c 'yum install a'`:                                  12,
		`RUN sh -c "yum install a"`:                                  12,
		`RUN bash -euxo pipefail -c 'yum install a'`:                 29,
		`RUN sh -c 'sh -c "yum install a"'`:                          19,
		`RUN sh -c "echo \"a\"; yum install a"`:                      11,
		`RUN su - app -c 'yum install a'`:                            18,
		`RUN eval 'yum install a'`:                                   11,
		`RUN find / -exec yum install {} ';'`:                        18,
		`RUN time sudo -u a -- env -u B C=d nice -n 5 yum install a`: 46,
	} {
		found := ParseFile("templates/web.Dockerfile", []byte(text+"\n")).Findings
		require.Len(t, found, 1, text)
		require.Equal(t, "IB0301", found[0].Rule, text)
		require.Equal(t, want, found[0].Column, text)
	}
}

// TestPlacesInYAML: a finding points at its words, however YAML writes them.
func TestPlacesInYAML(t *testing.T) {
	const task = "Tasks:\n- Name: a\n  Action: RunShellCommand\n  Properties:\n    commandContent: "
	for name, test := range map[string]struct {
		scalar string
		want   [4]int
	}{
		"literal":               {"|\n      echo 日本\n\n      echo 日本; yum install b\n", [4]int{8, 16, 8, 27}},
		"kept line ends":        {"|+\n      true\n      yum install b\n\n\n", [4]int{7, 7, 7, 18}},
		"given indentation":     {"|1\n       echo\n      yum install b\n", [4]int{7, 7, 7, 18}},
		"comment behind":        {"| # why\n      yum install b\n", [4]int{6, 7, 6, 18}},
		"anchor":                {"&a |\n      yum install b\n", [4]int{6, 7, 6, 18}},
		"folded":                {">-\n      echo a;\n      yum\n      install b\n", [4]int{7, 7, 8, 14}},
		"folded, paragraphs":    {">\n      echo a\n\n\n      yum install b\n", [4]int{9, 7, 9, 18}},
		"folded, indented":      {">\n      echo a\n        echo b\n      yum install b\n", [4]int{8, 7, 8, 18}},
		"plain":                 {"true && yum install b\n", [4]int{5, 29, 5, 40}},
		"plain, several lines":  {"true &&\n       yum\n\n       install b; yum update\n", [4]int{8, 19, 8, 29}},
		"double-quoted":         {`"echo \u65e5\t\"\"; yum install b"` + "\n", [4]int{5, 41, 5, 52}},
		"double-quoted, folded": {"\"true; \\\n      yum   \n      install b\"\n", [4]int{6, 7, 7, 14}},
		"single-quoted":         {"'echo ''a''; yum install b'\n", [4]int{5, 34, 5, 45}},
		"line end as escape":    {`"true\nyum install b"` + "\n", [4]int{5, 28, 5, 39}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{task + test.scalar, strings.ReplaceAll(task+test.scalar, "\n", "\r\n")} {
				found := ParseFile("templates/web.yaml", []byte(text)).Findings
				require.Len(t, found, 1)
				f := found[0]
				require.Equal(t, "IB0301", f.Rule)
				require.Equal(t, test.want, [4]int{f.Line, f.Column, f.EndLine, f.EndColumn})
			}
		})
	}
}

// TestSecretsAreNotRepeated: wherever a secret stands, no finding holds any
// part of it that gives it away.
func TestSecretsAreNotRepeated(t *testing.T) {
	const secret = "LTAI5tQ7mZ2kV9xW4bR8cN6d"
	places := []string{
		"RUN echo @\n", "# @\nRUN true\n", "RUN @\n", "@ true\n", "@\n", "RUN yum install @\n", "ENV @=\"a\"\n", "ENV A=\"@\"\n", "ENV A=\"$@\"\n", "COPY @ /opt\n", "COPY https://@:a@example.com/ /opt\n",
		"LABEL a=\"@\"\n", "USER @ @\n", "WORKDIR @ a\n", "RESTART @\n", "FROM @\n", "COMPONENT @\n", "RUN curl -k https://@:@example.com\n",
		"# ---\n# @: a\n# ---\nRUN true\n", "# ---\n# name: '@ '\n# ---\nRUN true\n", "# ---\n# tags: {@: '@', @: ''}\n# ---\nRUN true\n", "# ---\n# componentVersion: @\n# ---\nRUN true\n",
		"# ---\n# kind: @\n# ---\nRUN true\n", "RUN if @; then\n", "RUN cat <<@\n", "RUN pacman -S@\n", "RUN apt-get install @ && systemctl start @\n",
		"RUN export PASSWORD=@ && echo root:@ | chpasswd\n", "RUN [[ a @ b ]] && ${@:@} $((@ @))\n",
		"Tasks:\n- Name: @\n  Action: @\n  @: a\n  Properties: {@: '{{ @ }}'}\n- Name: @\n  Action: RunShellCommand\n  Properties: {@: '', commandContent: 'echo {{ @ }} ('}\nParameters: {@: {Type: @}}\n@: 1\n",
		"Parameters: {a: {Type: String, DefaultValue: @}}\nTasks: *@\n",
		`{"content": "RUN echo @", "@": 1, "name": "@ ", "tags": {"@": "@"}, "description": "@", "clientToken": "@ ", "imageOptions": {"@": 2}}`,
		`{"kind": "execution", "pipelineName": "@", "@": "@"}`, `{"templateUri": "oss://@/@?@"}`, `{"content": @}`,
	}
	for _, place := range places {
		text := strings.ReplaceAll(place, "@", secret)
		for _, path := range []string{"templates/web.Dockerfile", "templates/web.yaml"} {
			requireSilent(t, secret, Options{Pedantic: true}.ParseFile(path, []byte(text)).Findings)
		}
		m := Options{Pedantic: true}.ParseMessage([]byte(text))
		requireSilent(t, secret, m.Findings)
		requireSilent(t, secret, m.Resolve("", nil).Findings)
	}
}

func requireSilent(t *testing.T, secret string, found []Finding) {
	t.Helper()
	for _, f := range found {
		all := f.Path + "\n" + f.Message + "\n" + f.Help
		if f.Fix != nil {
			all += "\n" + f.Fix.Title
		}
		for i := 0; i+8 <= len(secret); i++ {
			require.NotContains(t, all, secret[i:i+8], "%+v", f)
		}
	}
}

// Options, wrappers and traps count as a shell takes them, however the text has them.
func TestWordsOfCalls(t *testing.T) {
	const lost = "curl -fsS https://example.com/a -o a; true"
	for text, want := range map[string]string{
		"RUN sudo nohup tool & true":           "IB0317",
		"RUN /usr/bin/setsid tool & true":      "IB0317",
		"RUN tool & true":                      "",
		"RUN set -- -e; " + lost:               "IB0315",
		"RUN set -o pipefail -e; " + lost:      "",
		"RUN set +e -o errexit; " + lost:       "",
		"RUN set -u tool -e; " + lost:          "IB0315",
		"RUN trap 'exit 1' ERR; " + lost:       "",
		"RUN # trap and ERR":                   "",
		"RUN echo 'a trap: ERR'; " + lost:      "IB0315",
		"RUN su app --command='yum install a'": "IB0301",
		"RUN su app -lc 'yum install a'":       "IB0301",
		"RUN runuser -u app -- yum install a":  "IB0301",
		"RUN bash --norc -c 'yum install a'":   "IB0301",
		"RUN git -c url.https://a/.insteadOf=https://b:Kx9mQ2vLL@c/ clone https://a/b": "IB0405",
	} {
		if want == "" {
			require.Empty(t, rulesIn(text+"\n"), text)
		} else {
			require.Equal(t, []string{want}, rulesIn(text+"\n"), text)
		}
	}
	for line, want := range map[string]bool{"#!/bin/bash -e": false, "#! /bin/bash -eu": false, "#!/bin/bash": true, "#!/usr/bin/env bash": true} {
		text := "Tasks:\n- Name: a\n  Action: RunShellCommand\n  Properties:\n    commandContent: |\n      " + line + "\n      " + lost + "\n"
		found := ParseFile("templates/web.yaml", []byte(text)).Findings
		require.Equal(t, want, len(found) == 1 && found[0].Rule == "IB0315", line)
	}
}

// FuzzShell: no panic; positions inside the text; the same findings for LF and
// CRLF, in a RUN, in each kind of YAML scalar, and in the commands of an AWS document.
func FuzzShell(f *testing.F) {
	addCases(f, func(path string, text []byte) {
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "RUN "); ok {
				f.Add(byte(0), rest)
			}
		}
	})
	for form := range byte(6) {
		f.Add(form, "f() { shift; \"${@:2}\"; }\nf 1 2 yum install a\ncat <<E\n$(a\nE\nfi\n")
		f.Add(form, "set -e\n\nif true; then # a\n\tyum install 日本 \\\n  a\nfi\n\nreboot \"\n")
		f.Add(form, "it's `a` \\$ \"b\" {{ p }} $(c | d) <<E\nE\n")
	}
	f.Fuzz(func(t *testing.T, form byte, text string) {
		path, whole := "templates/web.yaml", ""
		const task = "Parameters: {p: {Type: String}}\nTasks:\n- Name: a\n  Action: RunShellCommand\n  Properties:\n    commandContent: "
		indented := strings.ReplaceAll(text, "\n", "\n      ")
		switch form % 6 {
		case 0:
			path, whole = "templates/web.Dockerfile", "RUN "+strings.ReplaceAll(text, "\n", " \\\n# a comment\n")+"\n"
		case 1:
			whole = task + "|\n      " + indented + "\n"
		case 2:
			whole = task + ">-\n      " + indented + "\n"
		case 3:
			whole = task + `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", "\n\n      ").Replace(text) + "\"\n"
		case 4:
			whole = task + "'" + strings.NewReplacer("'", "''", "\n", "\n\n      ").Replace(text) + "'\n"
		case 5:
			const step = "schemaVersion: 1.0\nphases:\n- name: build\n  steps:\n  - name: a\n    action: ExecuteBash\n    inputs:\n      commands:\n      - '"
			whole = step + strings.NewReplacer("'", "''", "\n", "'\n      - '").Replace(text) + "'\n"
		}
		got := Options{Pedantic: true}.ParseFile(path, []byte(whole))
		requireInside(t, whole, got.Findings)
		if !strings.Contains(whole, "\r") {
			crlf := Options{Pedantic: true}.ParseFile(path, []byte(strings.ReplaceAll(whole, "\n", "\r\n")))
			require.Equal(t, got.Findings, crlf.Findings)
		}
	})
}

// An option answers for its command; a setting for all.
func TestAnswersOfPackageManagers(t *testing.T) {
	for _, text := range []string{
		"RUN yum install --assumeyes a\nRUN yum install b\n",
		"RUN yum install b\nRUN dnf --assumeyes install a\n",
		"RUN apt-get -o APT::Get::Assume-Yes=true install a\nRUN apt-get install b\n",
	} {
		require.Equal(t, 1, strings.Count(strings.Join(rulesIn(text), " "), "IB0301"), text)
	}
	for _, text := range []string{
		"RUN echo assumeyes=1 >> /etc/yum.conf\nRUN yum install b\n",
		"RUN echo 'APT::Get::Assume-Yes \"true\";' > /etc/apt/apt.conf.d/90yes\nRUN apt-get install b\n",
		"RUN conda config --set always_yes true\nRUN conda install b\n",
		"ENV CONDA_ALWAYS_YES=\"true\"\nRUN conda install b\n",
	} {
		require.NotContains(t, rulesIn(text), "IB0301", text)
	}
}
