package template

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// powerShellComponent has a text of PowerShell at line 5, column 7.
func powerShellComponent(text string) string {
	return "Tasks:\n- Name: a\n  Action: RunPowerShellCommand\n  Properties:\n    commandContent: |\n      " + strings.ReplaceAll(text, "\n", "\n      ") + "\n"
}

// Where passwords stand in what builds Windows images. The finding marks the password,
// or the name before it.
func TestPasswordsOfPowerShell(t *testing.T) {
	const secret = "Kx9mQ2vLL"
	for rule, texts := range map[string][]string{
		"IB0405": {
			`$p = ConvertTo-SecureString "@" -AsPlainText -Force`, "$p = convertto-securestring -String '@' -AsPlainText -Force", "New-LocalUser app -Password (ConvertTo-SecureString -AsPlainText @ -Force)",
			`$c = New-Object System.Management.Automation.PSCredential("app", (ConvertTo-SecureString "@" -AsPlainText -Force))`, "ConvertTo-SecureString `\n  '@' `\n  -AsPlainText -Force",
			"net user Administrator @", `net.exe user app "@" /add /expires:never`, "net1 user app @", `& net user app '@' /add`, `C:\Windows\System32\net.exe use Z: \\files\share @ /user:app`, `net use \\files\share /user:app @`,
			`[Environment]::SetEnvironmentVariable("DB_PASSWORD", "@", "Machine")`, "setx DB_PASSWORD @ /M", `$c = New-Object System.Net.NetworkCredential("app", "@")`, `([ADSI]"WinNT://./Administrator,user").SetPassword("@")`,
			"cmdkey /add:files /user:app /pass:@", "schtasks /create /tn a /tr b /ru app /rp @ /sc onstart", `Register-ScheduledTask -TaskName a -User app -Password "@" -Action $a`, "psexec \\\\a -u b -p @ cmd",
			"sqlcmd -S . -U sa -P @ -Q 'select 1'", "sqlcmd -S . -U sa -P@ -Q 'select 1'", "certutil -f -p @ -importpfx a.pfx", "netdom join a /domain:b /userd:c /passwordd:@", "wmic /node:a /user:b /password:@ os",
			`Set-ItemProperty -Path HKLM:\SOFTWARE\Winlogon -Name DefaultPassword -Value "@"`, `reg add "HKLM\SOFTWARE\Winlogon" /v DefaultPassword /t REG_SZ /d @ /f`, "autologon.exe app . @ /accepteula",
			`Invoke-WebRequest -Headers @{ Authorization = "Bearer @" } https://a.test`, `$headers.Add("Authorization", "Basic @")`, "curl.exe -u app:@ https://a.test/ -o a", "iwr https://app:@@a.test/a -OutFile a",
			`Connect-AzAccount -ServicePrincipal -ApplicationSecret "@"`, "<Password>\n  <Value>@</Value>\n</Password>", "<AdministratorPassword><Value>@</Value>",
			`if ($a) { net user app @ } else { exit 1 }`, "<# net user #> net user app @ # add",
		},
		"IB0403": {
			`$password = "@"`, "$AdminPassword='@'", `$env:DB_PASSWORD = "@"`, `$params = @{ UserName = "a"; Password = "@" }`, `$h = @{"X-Api-Key"="@"}`, "msiexec /i a.msi /qn PASSWORD=@", `setup.exe /q /SAPWD="@" /ACTION=Install`,
			`$cs = "Server=.;User Id=sa;Password=@;"`, "@'\npassword=@\n'@ | Set-Content a", `sc.exe config svc obj= .\app password= "@"`, `$password = "LongPhrase@"`,
		},
	} {
		for _, text := range texts {
			text = strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(text, "@{", "\x01"), "@'", "\x02"), "'@", "\x03"), "@@", "@\x04"), "'\x03", "'@'")
			text = strings.ReplaceAll(text, "@", secret)
			text = strings.NewReplacer("\x01", "@{", "\x02\n", "@'\n", "\n\x03", "\n'@", "\x02", secret+"'", "\x03", "'"+secret, "\x04", "@").Replace(text)
			require.Contains(t, text, secret)
			for _, read := range []*Template{
				ParseFile("a.yaml", []byte("# ---\n# systemType: Windows\n# ---\n"+powerShellComponent(text))),
				ParseFile("a.yaml", []byte("name: a\nschemaVersion: 1.0\nphases:\n- name: build\n  steps:\n  - name: a\n    action: ExecutePowerShell\n    inputs:\n      commands:\n      - |\n        "+strings.ReplaceAll(text, "\n", "\n        ")+"\n")),
			} {
				found := 0
				for _, f := range read.Findings {
					if f.Rule == rule {
						found++
						requireSilent(t, secret, []Finding{f})
						line := strings.Split(read.Text(f), "\n")[f.Line-1]
						require.Contains(t, line[f.Column-1:], secret, text)
					}
				}
				require.Equal(t, 1, found, "%s\n%v", text, read.Findings)
				require.NotContains(t, read.Covered(Finding{}), secret)
			}
		}
	}
}

// Placeholders, what only the run tells, and what is about a secret and none.
func TestNoPasswordsOfPowerShell(t *testing.T) {
	for _, text := range []string{
		`$p = ConvertTo-SecureString $env:PASSWORD -AsPlainText -Force`, `$p = ConvertTo-SecureString "$password" -AsPlainText -Force`, `$p = ConvertTo-SecureString (Get-Content a) -AsPlainText -Force`,
		`$p = ConvertTo-SecureString "{{ password }}" -AsPlainText -Force`, `$p = $encrypted | ConvertTo-SecureString -Key $key`, `$p = ConvertTo-SecureString "<password>" -AsPlainText -Force`, "$p = ConvertTo-SecureString $a",
		"net user", "net user Administrator", "net user app /add", "net user app * /add", "net user app /active:no", "net user app {{ password }} /add", "net user app $password /add", "net localgroup Administrators app /add", `net use Z: \\files\share`, `net use Z: /delete`, "net use * /delete /y", "net start w32time", "net stop wuauserv", "net accounts /maxpwage:unlimited",
		"Set-LocalUser -Name Administrator -PasswordNeverExpires $true", "Set-LocalUser -Name app -PasswordNeverExpires 1", "New-LocalUser -NoPassword app", "New-LocalUser app -Password $p", "Get-LocalUser | Select PasswordLastSet", "$length = 20; $password = New-Password -Length $length",
		`$password = Read-Host -AsSecureString "Password"`, `$password = [System.Web.Security.Membership]::GeneratePassword(20, 4)`, `$PasswordFile = "C:\secrets\password.txt"`, `$password = Get-Secret2Value app`, `$token = (Invoke-RestMethod http://100.100.100.200/latest/api/token -Method Put)`,
		`Invoke-RestMethod -Headers @{"X-aliyun-ecs-metadata-token" = "$token"} http://100.100.100.200/latest/meta-data`, `Invoke-RestMethod -Headers @{"X-aws-ec2-metadata-token-ttl-seconds" = "21600"} -Method PUT http://169.254.169.254/latest/api/token`,
		`Invoke-WebRequest -Headers @{ Authorization = "Bearer $token" } https://a.test`, `$headers.Add("Content-Type", "application/json")`, `$headers.Add("Authorization", "Bearer $token")`,
		`[Environment]::SetEnvironmentVariable("PATH", "C:\tools", "Machine")`, `[Environment]::SetEnvironmentVariable("DB_PASSWORD", $value, "Machine")`, "setx JAVA_HOME C:\\java /M", `reg add HKLM\SOFTWARE\a /v Version /d 1.2.3a4b5c /f`,
		`Set-ItemProperty -Path HKLM:\SOFTWARE\a -Name DisablePasswordChange -Value 1`, "Invoke-Command -Credential CORP\\admin { hostname }", "Get-Credential -UserName app -Message a", "# net user app Kx9mQ2vLL", "<# $password = 'Kx9mQ2vLL' #>", `Write-Host "Set the password: later"`,
		"schtasks /create /tn a /tr b /ru SYSTEM /sc onstart", "certutil -hashfile a.zip SHA256", "Get-FileHash a -Algorithm SHA256 | ? Hash -eq '" + strings.Repeat("7c4a8d09CA3762AF", 4) + "'", "msiexec /i '{123E4567-E89B-12D3-A456-426614174000}' /qn", "cmdkey /list", "<Value>C:\\tools</Value>",
		"secedit /configure /db a.sdb /cfg a.inf /areas SECURITYPOLICY", "if ($a -match 'password=(\\w+)') { exit 1 }", "Set-ADAccountPassword -Identity app -Reset -NewPassword $p", `$cs = "Server=.;Integrated Security=true"`, `"password: $password" | Out-Null`, `sqlcmd -S . -E -Q "select 1"`,
	} {
		for _, f := range ParseFile("a.yaml", []byte("# ---\n# systemType: Windows\n# ---\n"+powerShellComponent(text))).Findings {
			require.NotContains(t, []string{"IB0401", "IB0402", "IB0403", "IB0405"}, f.Rule, text)
		}
	}
}
