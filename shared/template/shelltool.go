package template

// tool is a bit for each kind of program, so that a rule names those it looks
// at in one mask.
type tool uint32

const (
	tInstall   tool = 1 << iota // packages, with a prompt
	tShell                      // runs a text or a script
	tInclude                    // runs a script in the same shell
	tInterpret                  // runs a program text in another language
	tPower                      // ends or restarts the system
	tRemove
	tFetch   // of a web address
	tNetwork // also of one among its arguments
	tBuild   // software, or unpacks it
	tPrompt  // may ask
	tService
	tLanguage // packages of a language
	tEndless  // may never end
	tRuntime  // changes the running system only
	tMode
	tPassword
	tCopy    // writes files
	tState   // of the shell alone
	tDeb     // of dpkg
	tWrapper // runs the command in its arguments

	toolBits = iota
)

// toolOf takes the name of a program.
func toolOf(name string) tool {
	switch name {
	case "apt-get", "apt", "aptitude", "yum", "dnf", "dnf5", "tdnf", "yum-builddep", "package-cleanup",
		"amazon-linux-extras", "zypper", "pacman", "conda", "mamba":
		return tInstall | tNetwork
	case "sh", "bash", "dash", "ash", "ksh", "zsh":
		return tShell | tPrompt
	case "su", "runuser":
		return tShell | tPrompt
	case "eval", "scl", "script", "sg", "trap":
		return tShell
	case "source", ".":
		return tInclude | tState
	case "python", "python2", "python3", "perl", "ruby", "node", "php":
		return tInterpret | tEndless | tPrompt
	case "reboot", "shutdown", "poweroff", "halt", "init", "telinit":
		return tPower
	case "systemctl":
		return tPower | tService
	case "service", "chkconfig", "update-rc.d", "rc-update", "rc-service", "insserv":
		return tService
	case "rm":
		return tRemove | tPrompt
	case "curl", "wget":
		return tFetch | tNetwork | tPassword
	case "git":
		return tNetwork | tBuild | tPrompt | tPassword
	case "rpm", "dpkg":
		return tNetwork | tBuild | tDeb
	case "make", "gmake", "ninja", "cmake", "meson", "cargo", "mvn", "gradle", "go", "tar", "configure", "patch":
		return tBuild
	case "unzip":
		return tBuild | tPassword
	case "pip", "pip2", "pip3", "npm", "yarn", "pnpm", "gem", "bundle", "composer", "pipx", "uv":
		return tLanguage | tNetwork | tBuild | tPrompt | tEndless
	case "vi", "vim", "nano", "emacs", "visudo", "crontab", "passwd", "mysql_secure_installation", "dpkg-reconfigure",
		"ssh-keygen", "gpg", "fdisk", "cfdisk", "gdisk", "parted", "read", "ftp", "telnet",
		"cp", "mv", "ssh-copy-id", "snmpconf", "newgrp", "update-alternatives", "alternatives":
		return tPrompt | tCopy
	case "docker", "podman", "aws", "aliyun", "openssl", "htpasswd":
		return tPrompt | tPassword
	case "mysql", "mysqladmin", "mysqldump", "mariadb", "psql":
		return tPrompt | tPassword
	case "sleep", "tail", "watch", "top", "htop", "journalctl", "nginx", "httpd", "apache2", "apachectl", "apache2ctl", "ping", "ping6",
		"sshd", "supervisord", "dockerd", "containerd", "crond", "cron", "redis-server", "nc", "mysqld_safe":
		return tEndless
	case "sysctl", "setenforce", "swapoff", "modprobe", "firewall-cmd", "iptables", "ip6tables":
		return tRuntime
	case "chmod":
		return tMode
	case "useradd", "usermod", "sshpass", "redis-cli", "chpasswd", "ossutil", "ossutil64", "helm", "mongo",
		"mongosh", "rabbitmqctl":
		return tPassword
	case "az", "zip", "7z", "7za", "7zz", "ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldappasswd", "smbclient", "net", "keytool", "vault":
		return tPassword
	case "yum-config-manager":
		return tPassword | tNetwork
	case "mkdir":
		return tMode
	case "adduser":
		return tPrompt | tPassword
	case "ufw", "kubeadm":
		return tPrompt
	case "scp", "rsync":
		return tNetwork
	case "sftp":
		return tPrompt | tNetwork
	case "install":
		return tCopy | tMode
	case "tee", "dd":
		return tCopy
	case "cd", "pushd", "export", "alias", "umask", "ulimit":
		return tState
	}
	if wrappers[name] != nil {
		return tWrapper
	}
	return 0
}
