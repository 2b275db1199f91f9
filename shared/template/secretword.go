package template

import "strings"

// Words in the name of a variable that say what its value is. Source: BuildKit's
// SecretsUsedInArgOrEnv, less key and auth, which name too much else.
var secretWords = []string{"PASSWORD", "PASSWD", "PWORD", "PWD", "SECRET", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS",
	"ACCESSKEY", "PASSPHRASE", "SAPWD"}

// plainWords say that the value is about a secret, and is none.
var plainWords = []string{"FILE", "PATH", "DIR", "URL", "URI", "NAME", "USER", "TYPE", "TTL", "LENGTH", "SIZE", "EXPIRY", "EXPIRES",
	"ENABLED", "PUBLIC", "HOST", "PORT",
	"ENDPOINT", "HASH", "POLICY", "ARN", "ID", "MIN", "MAX", "AGE", "DAYS", "COUNT", "LEN", "ISSUER", "COMMAND", "CMD", "PROMPT", "REGION",
	"SECONDS", "MINUTES", "HOURS", "EXPIRE", "EXPIRATION", "VALIDITY", "DURATION", "INTERVAL", "LIFETIME", "TIMEOUT", "HEADER", "FIELD",
	"HASHER", "ENCODING", "FORMAT", "ALGORITHM", "METHOD", "MODE", "BACKEND", "PROVIDER", "STORE", "MANAGER", "HELPER",
	"SERVICE", "SERVER", "TAG", "VERSION", "PREFIX", "SUFFIX", "REGEX", "PATTERN", "SCOPE", "AUDIENCE", "LIMIT", "CLASS", "VALIDATION", "AUTHENTICATION"}

// suggestsSecret judges a name by its words: DB_PASSWORD, PGPASSWORD, dbPassword, secret-key.
func suggestsSecret(name string) bool {
	secret, last := false, ""
	for rest := name; rest != ""; {
		n := wordLength(rest)
		word := rest[:n]
		for rest = rest[n:]; rest != "" && isNameSign(rest[0]); {
			rest = rest[1:]
		}
		secret = secret || isSecretWord(word) || isWord(word, "KEY") && isKeyOf(last) ||
			rest == "" && isWord(word, "PASS") && isPassOf(last)
		last = word
	}
	if !secret || strings.EqualFold(name, "PWD") || strings.EqualFold(name, "OLDPWD") {
		return false
	}
	for _, w := range plainWords {
		if strings.EqualFold(w, last) {
			return false
		}
	}
	return true
}

// isKeyOf takes the word before KEY: API_KEY, PRIVATE_KEY.
func isKeyOf(word string) bool {
	for _, w := range []string{"API", "ACCESS", "PRIVATE", "ENCRYPTION", "SIGNING", "ACCOUNT"} {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// isPassOf takes the word before PASS, which is short for other things too: DB_PASS.
func isPassOf(word string) bool {
	for _, w := range []string{"DB", "DATABASE", "MYSQL", "PG", "POSTGRES", "REDIS", "SMTP", "MAIL", "EMAIL", "HTTP", "PROXY", "FTP", "SSH", "LDAP", "AUTH", "ROOT", "ADMIN", "USER", "KEY", "STORE"} {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// wordLength is the length of the first word of a name: to a sign, or to a
// capital behind a small letter.
func wordLength(name string) int {
	for i := 1; i < len(name); i++ {
		small := name[i-1] >= 'a' && name[i-1] <= 'z'
		if c := name[i]; isNameSign(c) || small && c >= 'A' && c <= 'Z' {
			return i
		}
	}
	return len(name)
}

// isNameSign reports what parts the words of a name.
func isNameSign(c byte) bool { return c == '_' || c == '-' || c == '.' }

// isSecretWord takes PGPASSWORD for what it is, too.
func isSecretWord(word string) bool {
	for _, w := range secretWords {
		if isWord(word, w) {
			return true
		}
	}
	const password = "PASSWORD"
	n := len(word) - len(password)
	return n > 0 && strings.EqualFold(word[n:], password) && !strings.EqualFold(word[:n], "NO")
}

// isPlainValue reports what is no secret: nothing, a path, a switch, a number, or
// what only the run tells.
func isPlainValue(value string) bool {
	value = strings.Trim(value, `"'`)
	switch strings.ToLower(value) {
	case "", "true", "false", "yes", "no", "none", "null", "on", "off":
		return true
	}
	return strings.ContainsAny(value, "$`\x00") || value[0] == '/' || strings.Trim(value, "0123456789") == "" && len(value) < 4 || strings.Trim(value, "*xX.<>") == "" ||
		isPlaceholder(value)
}

// isPlaceholder reports what stands for a value that somebody is to write.
func isPlaceholder(value string) bool {
	for _, marks := range [][2]string{{"<", ">"}, {"{", "}"}, {"__", "__"}, {"@", "@"}, {"%", "%"}, {"[", "]"}} {
		if strings.HasPrefix(value, marks[0]) && strings.HasSuffix(value, marks[1]) {
			return true
		}
	}
	value = strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(value))
	for _, word := range []string{"changeme", "changeit", "replaceme", "placeholder", "example", "redacted"} {
		if strings.Contains(value, word) {
			return true
		}
	}
	return strings.HasPrefix(value, "dummy") || value == "todo" || value == "tbd" || strings.HasPrefix(value, "your") || strings.HasPrefix(value, "insert")
}

// looksMade reports a value that nobody writes for a word or a number.
func looksMade(value string) bool {
	letter, digit := false, false
	for i := range len(value) {
		letter = letter || isLetter(value[i])
		digit = digit || value[i] >= '0' && value[i] <= '9'
	}
	return len(value) >= 8 && letter && digit && !isPlainValue(value)
}

// signs reports the parameter of a web address that lets whoever has it in.
func signs(name, text string) bool { return isWebAddress(text) && isSignature(name) }

func isSignature(name string) bool {
	return strings.EqualFold(name, "signature") || strings.EqualFold(name, "x-amz-signature") || name == "sig"
}

// maxSecret bounds how much of a value is looked at.
const maxSecret = 200

// eachPair calls f with the name and the value of each NAME=value and NAME: value in
// a text.
func eachPair(text string, f func(start, end int, value string)) {
	for at := 0; ; {
		found := strings.IndexAny(text[at:], "=:")
		if found < 0 {
			return
		}
		from, sign := at, at+found
		at = sign + 1
		if text[sign] == ':' && (at == len(text) || text[at] != ' ' && !(text[at] == '"' && sign > from && text[sign-1] == '"')) {
			continue
		}
		end := from + len(strings.TrimRight(text[from:sign], " \t\"'"))
		start := end
		for start > from && (isTokenByte(text[start-1]) || text[start-1] == '.') {
			start--
		}
		value := strings.TrimLeft(text[at:min(len(text), at+maxSecret)], " \t\"'")
		if i := strings.IndexAny(value, " \t\r\n\"',;&|)"); i >= 0 {
			value = value[:i]
		}
		if start < end {
			f(start, end, value)
		}
	}
}
