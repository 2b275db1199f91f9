package template

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// made is a body of n characters that no document prints.
func made(n int) string {
	const signs = "K7mQ2vX9bR4wT6zL8nP3dG5hJ1cF0sYaEuVkWxMtBqNr"
	return strings.Repeat(signs, n/len(signs)+1)[:n]
}

// Each key is found by its form, at its place, and nothing that only begins so.
func TestKeyForms(t *testing.T) {
	hex := strings.Repeat("7c4a8d09ca3762af", 4)
	for prefix, body := range map[string]string{
		"LTAI": made(20), "AKIA": strings.ToUpper(made(16)), "ASIA": strings.ToUpper(made(16)),
		"ghp_": made(36), "gho_": made(36), "ghs_": made(36), "ghu_": made(36), "ghr_": made(36), "github_pat_": made(22) + "_" + made(59),
		"glpat-": made(20), "glrt-": made(20), "gldt-": made(24), "glptt-": hex[:40],
		"npm_": made(36), "pypi-AgE": made(120), "dckr_pat_": made(27), "hf_": made(34), "AGE-SECRET-KEY-1": strings.ToUpper(made(58)), "tskey-": "auth-" + made(17) + "-" + made(32), "rubygems_": hex[:48], "AIza": made(35), "AKID": made(32), "dop_v1_": hex,
		"xoxb-": "12345678901-1234567890123-" + made(24), "xoxp-": "12345678901-" + made(60), "xapp-": "1-A" + made(60) + "-" + made(20),
		"sk_live_": made(24), "rk_live_": made(24), "sk-": hex[:32], "sk-proj-": made(60), "sk-ant-": "api03-" + made(80),
		"SG.": made(22) + "." + made(43), "hvs.": made(95), "hvb.": made(140), slackAddress: "T" + strings.ToUpper(made(10)) + "/B" + strings.ToUpper(made(10)) + "/" + made(24),
		"eyJ": made(30) + ".eyJ" + made(30) + "." + made(43),
	} {
		key := prefix + body
		for _, text := range []string{"RUN echo " + key + "\n", "RUN tool --id=" + key + "; true\n", "RUN true\n# " + key + "\n", "ENV TOOL=\"" + key + "\"\n"} {
			at := strings.Index(text[strings.LastIndexByte(text[:len(text)-1], '\n')+1:], key) + 1
			found := findingsOf(text, "IB0401")
			require.Len(t, found, 1, text)
			require.Equal(t, [2]int{at, at + len(key)}, [2]int{found[0].Column, found[0].EndColumn}, text)
			requireSilent(t, body, found)
		}
		for _, text := range []string{prefix, prefix + "$TOKEN", prefix + strings.Repeat("x", len(body)), prefix + "your-key-goes-here-and-not-there", "a" + key} {
			require.Empty(t, findingsOf("RUN echo "+text+"\n", "IB0401"), text)
		}
	}
}

// A private key is found by how it begins, and to where it ends it is a secret.
func TestPrivateKeys(t *testing.T) {
	for begin, end := range map[string]string{
		"-----BEGIN RSA PRIVATE KEY-----": pemEnd, "-----BEGIN PRIVATE KEY-----": pemEnd, "-----BEGIN ENCRYPTED PRIVATE KEY-----": pemEnd,
		"-----BEGIN OPENSSH PRIVATE KEY-----": pemEnd, "-----BEGIN PGP PRIVATE KEY BLOCK-----": pemEnd,
		"PuTTY-User-Key-File-2:": ppkEnd, "PuTTY-User-Key-File-3:": ppkEnd,
	} {
		for text, last := range map[string]int{
			"RUN true\n" + begin + " a\n" + made(64) + "\n" + end + "\nRUN true\n": 4,
			"RUN true\n" + begin + " a\n" + made(64) + "\nRUN true\n":              5, // to the end of the text where its own is missing
		} {
			read := ParseFile("templates/web.Dockerfile", []byte(text))
			require.Len(t, read.Secrets, 1, text)
			s := read.Secrets[0]
			require.Equal(t, []any{"IB0402", 2, 1, last, 1}, []any{s.Rule, s.Line, s.Column, s.EndLine, s.EndColumn}, text)
			found := findingsOf(text, "IB0402")
			require.Len(t, found, 1, text)
			require.Equal(t, []int{2, 1, 2, len(begin) + 1}, []int{found[0].Line, found[0].Column, found[0].EndLine, found[0].EndColumn}, text)
		}
	}
	for _, text := range []string{"-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----", "PuTTY-User-Key-File-", "PuTTY-User-Key-File-4:", "PRIVATE KEY-----"} {
		require.Empty(t, findingsOf("RUN echo '"+text+"'\n", "IB0402"), text)
	}
	const key = "-----BEGIN RSA PRIVATE KEY-----"
	for text, n := range map[string]int{
		"if grep -q -- '" + key + "' /opt/a.pem; then ls; fi": 0, "cat a | zgrep '^" + key + "'": 0, "sed -n '/^" + key + "/,/END/p' a": 0,
		"awk '/" + key + "/ {f=1} f' a": 0, "grep -c a b; echo '" + key + "'": 1, "cat a | grep b && printf '" + key + "'": 1, "tool --key='" + key + "'": 1,
	} {
		require.Len(t, findingsOf("RUN "+text+"\n", "IB0402"), n, text)
	}
}

// What only looks like a key at first sight.
func TestNoKeys(t *testing.T) {
	for _, text := range []string{
		"sha256:" + strings.Repeat("7c4a8d09ca3762af", 4), strings.Repeat("7c4a8d09", 5), "123e4567-e89b-12d3-a456-426614174000", "MII" + made(200),
		"ssh-rsa AAAAB3NzaC1yc2E" + made(200), "npm_config_cache=/opt/npm", "task-" + made(40), "scikit-learn", "eyJ" + made(60), "hf_transfer", "LTAI" + made(40),
		"MSG." + made(66), "SG." + made(22) + "/" + made(43), "https://hvs.example.com/" + made(30), "https://slack.com/services/" + made(44), "https://example.com/T0/B0/" + made(24),
	} {
		require.Empty(t, findingsOf("RUN echo \""+text+"\"\n", "IB0401"), text)
	}
}

func findingsOf(text, rule string) (found []Finding) {
	for _, f := range ParseFile("templates/web.Dockerfile", []byte(text)).Findings {
		if f.Rule == rule {
			found = append(found, f)
		}
	}
	return found
}

// Where passwords stand in commands: $ is one. The finding's span holds it, or the
// name before it does, so that who prints the line can cover it.
func TestPasswordsOfCommands(t *testing.T) {
	const secret = "Kx9mQ2vLL"
	for rule, texts := range map[string][]string{
		"IB0405": {
			"echo 'root:$' | chpasswd", "printf '$\\n$\\n' | passwd app", "(echo $; echo $) | passwd app", "chpasswd <<< 'root:$'", "passwd --stdin app <<< $",
			"echo $ | docker login -u app --password-stdin", "useradd --password='$' app", "sshpass -p$ ssh app@example.com true",
			"mysqladmin -u root password '$'", "mysql -e \"CREATE USER 'a'@'%' IDENTIFIED BY '$'\"", "psql -c \"ALTER USER a PASSWORD '$'\"", "redis-cli --pass $ ping", "mongosh -u root -p $ --eval a", "rabbitmqctl -n a@b add_user app $", "rabbitmqctl change_password app $",
			"docker login --username=app --password=$ example.com", "helm registry login -u app -p $ example.com", "htpasswd -bc /etc/users app $", "openssl rsa -passin pass:$ -in a -out b",
			"curl -fsSuapp:$ https://example.com/ -o a", "curl -fsS -uapp:$ https://example.com/ -o a", "curl -fsS --user=app:$ https://example.com/ -o a",
			"curl -fsS -H 'PRIVATE-TOKEN: $' https://example.com/ -o a", "curl -fsS --header='X-Api-Key: $' https://example.com/ -o a",
			"wget -nv --http-password=$ https://example.com/a", "git -c http.extraheader='Authorization: Basic $' clone https://example.com/a",
			"git config --global url.https://app:$@example.com/.insteadOf https://example.com/", "git clone https://app:$@example.com/\"$NAME\"",
			"pip install -i https://app:$@example.com/simple a", "yum-config-manager --add-repo https://app:$@example.com/a.repo", "npm config set //example.com/:_authToken $",
			"subscription-manager register --username app --password $", "kubeadm join 10.0.0.1:6443 --token $", "gpg --batch --passphrase $ -c a", "ossutil config -i app -k $",
			"tool --db-password=$ --verbose", "http_proxy=http://app:$@10.0.0.1:3128 yum update -y", "sudo https_proxy=http://app:$@10.0.0.1:3128 yum update -y",
			"curl -fsS -U app:$ https://example.com/ -o a", "openssl passwd -6 '$'", "openssl enc -d -aes-256-cbc -k $ -in a -out b", "az login --service-principal -u app -p $", "unzip -P $ a.zip", "7z x -p$ a.7z",
			"ldapsearch -x -D cn=admin -w $ -b dc=example", "smbclient //10.0.0.1/a -U 'app%$' -c ls", "keytool -genkeypair -storepass $ -alias a", "vault login $", "net user app $ /add",
			"mysql -e \"ALTER USER 'a'@'b' IDENTIFIED WITH mysql_native_password BY '$'\"", "echo $ | sudo -S true", "echo $ | kinit admin", "echo $ | realm join -U admin example.com",
			"echo 'mysql-server mysql-server/root_password password $' | debconf-set-selections", "echo 'machine a.test login app password $' > /root/.netrc", "echo 'a:5432:b:c:$' >> ~/.pgpass",
			"tool redis://:$@10.0.0.1:6379/0", "MONGO=mongodb+srv://app:$@10.0.0.1/app ./run", "git clone https://a1b2c3d4e5f6$@a.test/a.git",
			"bash -c 'mysql -pKx9mQ2vLL -e a'", "if true; then echo app:$ | chpasswd; fi",
		},
		"IB0403": {
			"DB_PASSWORD=$ ./setup", "env DB_PASSWORD=$ ./setup", "sudo -E DB_PASS='$' ./setup", "bash -c 'export DB_PASSWORD=$ && ./setup'", "password=$; ./setup \"$password\"",
			"make DB_PASSWORD=$", "docker run --rm -e MYSQL_ROOT_PASSWORD=$ mysql true", "kubectl create secret generic a --from-literal=password=$", "ansible-playbook -e db_password=$ site.yml",
			"echo 'export API_TOKEN=$' >> /etc/profile.d/app.sh", "echo \"//example.com/:_authToken=$\" > /root/.npmrc", "mount -t cifs -o username=app,password=$ //10.0.0.1/a /mnt",
			"curl -fsS 'https://example.com/a?access_token=$' -o a", "curl -fsS -d '{\"password\":\"$\"}' https://example.com/ -o a", "az storage blob list --connection-string 'AccountName=a;AccountKey=$'",
			"echo '{\"client-key-data\": \"$\"}' > /root/a",
		},
	} {
		for _, text := range texts {
			text = "RUN " + strings.ReplaceAll(strings.ReplaceAll(text, "$NAME", "@"), "\"$password\"", "@")
			text = strings.ReplaceAll(strings.ReplaceAll(text, "$", secret), "@\"", "$NAME\"")
			found := findingsOf(text+"\n", rule)
			require.NotEmpty(t, found, text)
			requireSilent(t, secret, found)
			covered := found[0].Column - 1
			if rule == "IB0405" {
				require.Contains(t, text[covered:found[0].EndColumn-1], secret, text)
			} else {
				require.Contains(t, text[covered:], secret, text)
			}
		}
	}
}

// A name in capitals says enough of a value that is a word or a number.
func TestSecretsInCapitals(t *testing.T) {
	require.Len(t, findingsOf("RUN docker run --rm -e MYSQL_ROOT_PASSWORD=123456 -e MYSQL_PASSWORD=root mysql true\n", "IB0403"), 2)
}

// Placeholders, what only the run tells, and what is about a secret and none.
func TestNoPasswords(t *testing.T) {
	for _, text := range []string{
		`ENV DB_PASSWORD="changeme"`, `ENV DB_PASSWORD="CHANGE_ME"`, `ENV DB_PASSWORD="your-password"`, `ENV DB_PASSWORD="{{ password }}"`, `ENV DB_PASSWORD="__PASSWORD__"`, `ENV DB_PASSWORD="<password>"`,
		`ENV DB_PASSWORD="$PASSWORD"`, `ENV DB_PASSWORD="${PASSWORD:?}"`, `ENV CSRF_TOKEN_HEADER="X-Token"`, `ENV PASSWORD_HASHER="bcrypt"`, `ENV SECRET_BACKEND="vault"`, `ENV ACCESS_TOKEN_EXPIRE_MINUTES="1440"`, `ENV SECRET_KEY="dummy-for-the-build"`, "RUN docker run --rm -e DB_PASSWORD=\"$PASSWORD\" -e ALLOW_EMPTY_PASSWORD=yes app true",
		`RUN rabbitmqctl add_user app "$PASSWORD"`, "RUN rabbitmqctl add_user app < /run/password", "RUN mongosh -u root -p --eval a < /run/password",
		"RUN echo PASSWORD=required", `ENV FIRST_PASS="binary"`,
		`ENV HTTP_PROXY="http://10.0.0.1:3128"`, `ENV DATABASE_URL="postgres://app:$PASSWORD@db/app"`,
		"RUN echo \"root:$PASSWORD\" | chpasswd", "RUN echo app:$(openssl rand -hex 8) | chpasswd", "RUN chpasswd < /run/users", "RUN chpasswd <<< \"app:$PASSWORD\"",
		"RUN mysql -e \"CREATE USER a IDENTIFIED BY '$PASSWORD'\"", "RUN curl -fsS -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600' -X PUT http://169.254.169.254/latest/api/token -o a",
		"RUN curl -fsS -H \"X-Auth-Token: $TOKEN\" https://example.com -o a", "RUN git clone https://oauth2:$TOKEN@example.com/a", "RUN git clone https://$TOKEN@example.com/a",
		"RUN adduser --disabled-password app", "RUN psql --password app -c a", "RUN grep -- '--password=Kx9mQ2vLL' /etc/app", "RUN sed -i 's/password=Kx9mQ2vLL/password=/' /etc/app",
		"RUN tool --password-file=/run/password --token=\"$TOKEN\"", "RUN token=next; echo \"$token\"", "RUN echo password=yes > /etc/app", "RUN openssl rsa -passin file:/run/a -in a -out b",
		"RUN openssl passwd -6 -stdin < /run/a", "RUN openssl passwd -6 \"$PASSWORD\"", "RUN unzip -P \"$PASSWORD\" a.zip", "RUN keytool -genkeypair -storepass changeit -alias a", "RUN vault login -method=aws", "RUN vault login \"$TOKEN\"", "RUN net use Z: //files/a",
		"RUN echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections", "RUN echo 'a a/b password' | debconf-set-selections", "RUN echo \"machine a.test password $PASSWORD\" > /root/.netrc", "RUN : > /root/.netrc", "RUN echo aGVsbG8gd29ybGQ= | base64 -d",
		"RUN git clone https://git@a.test/a.git", "RUN git clone https://oauth2accesstoken@a.test/a", "RUN useradd -m app@a.test; mail -s http://a.test app@a.test", "RUN grep -q 'http://app:Kx9mQ2vLL@10.0.0.1' /etc/app", "RUN curl -fsS -d '{\"token\":\"$TOKEN\"}' https://example.com/ -o a",
		"RUN echo '{\"auth\": \"required\"}' > /etc/app.json", "RUN smbclient -U app -c ls //a/b", "RUN az login --identity", "RUN ldapsearch -x -W -b dc=example",
		"RUN make SECRET_VERSION=v1.2.3-rc4", "RUN curl -fsS -H 'Accept: application/json' https://example.com/ -o a", "RUN keytool -importcert -noprompt -storepass changeit -file a",
	} {
		require.Empty(t, append(findingsOf(text+"\n", "IB0403"), findingsOf(text+"\n", "IB0405")...), text)
	}
}

// What here-documents write is looked at as what echo writes.
func TestSecretsOfDocuments(t *testing.T) {
	const task = "Tasks:\n- Name: a\n  Action: RunShellCommand\n  Properties:\n    commandContent: |\n"
	lines := "      cat <<END\n      password: Kx9mQ2vLL\n      END\n      cat > /etc/app <<END\n      user=app\n      password = Kx9mQ2vLL\n      token=$TOKEN\n      END\n      chpasswd <<END\n      app:Kx9mQ2vLL\n      END\n"
	got := ParseFile("templates/web.yaml", []byte(task+lines)).Findings
	require.Len(t, got, 2)
	require.Equal(t, []any{"IB0403", 11, 7, 15}, []any{got[0].Rule, got[0].Line, got[0].Column, got[0].EndColumn})
	require.Equal(t, []any{"IB0405", 15}, []any{got[1].Rule, got[1].Line})
	requireSilent(t, "Kx9mQ2vLL", got)
}

// A line is covered without a finding, too, and nothing moves in it.
func TestCoverSecrets(t *testing.T) {
	for line, want := range map[string]string{
		"日本 DB_PASSWORD='日本語x1' 語":                           "日本 DB_PASSWORD='*****' 語",
		"RUN tool --password Kx9m && ls":                     "RUN tool --password **** && ls",
		"curl http://app:Kx9m@example.com/ -o a":             "curl " + strings.Repeat("*", 28) + " -o a",
		"COPY https://b/a?Expires=9&Signature=Kx9m%2B&x=y /": "COPY https://b/a?Expires=9&Signature=*******&x=y /",
		"password: Kx9m # LTAI" + made(20):                   "password: **** # " + strings.Repeat("*", 24),
		"ENV DB_PASSWORD_FILE=/run/a PASSWORD=$PASSWORD":     "ENV DB_PASSWORD_FILE=/run/a PASSWORD=$PASSWORD",
		"RUN yum install -y nginx && echo a=b: c=d --token":  "RUN yum install -y nginx && echo a=b: c=d --token",
	} {
		require.Equal(t, want, CoverSecrets(line))
	}
}
