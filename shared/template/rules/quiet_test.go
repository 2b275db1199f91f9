package rules_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNothingCriesWolf: what is right has no finding at default settings, not
// even an info.
func TestNothingCriesWolf(t *testing.T) {
	for name, b := range quiet(t) {
		t.Run(name, func(t *testing.T) {
			for _, f := range b.lint(t, "") {
				require.Fail(t, f.Message, "%s %s:%d:%d %s", f.Rule, f.Path, f.Line, f.Column, b.text)
			}
		})
	}
}

// quiet are the example of the design, the example templates, and the samples
// of the vendors' pages.
func quiet(t *testing.T) map[string]block {
	list := map[string]block{
		"design": {"dockerfile", `# ---
# name: web-golden
# description: web tier base image
# imageOptions: {imageName: web, imageFamily: web-golden}
# toRegionIds: [cn-beijing, cn-shanghai]
# tags: {team: web, rebuild: nightly}
# build: true
# ---
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/node-exporter/1.*.*
RUN yum install -y nginx && systemctl enable nginx
# --- test
RUN curl --fail --silent http://127.0.0.1/
`},
		// CreateImageComponent, CreateImagePipeline: the sample requests.
		"component": {"json", `{"regionId": "cn-hangzhou", "resourceGroupId": "rg-bp67acfmxazb4p****", "name": "testComponent",
			"description": "This is description.", "systemType": "Linux", "componentType": "Build", "content": "RUN yum update -y",
			"tags": {"TestKey": "TestValue"}, "clientToken": "123e4567-e89b-12d3-a456-426655440000"}`},
		"pipeline": {"json", `{"regionId": "cn-hangzhou", "resourceGroupId": "rg-bp67acfmxazb4p****", "name": "testImagePipeline",
			"description": "This is description.", "baseImageType": "IMAGE", "baseImage": "m-bp67acfmxazb4p****", "imageName": "testImageName",
			"imageFamily": "family", "vSwitchId": "vsw-bp67acfmxazb4p****", "instanceType": "ecs.g6.large", "systemDiskSize": 40,
			"internetMaxBandwidthOut": 0, "deleteInstanceOnFailure": true, "addAccounts": ["1234567890"], "toRegionIds": ["cn-hangzhou"],
			"repairMode": "Standard", "nvmeSupport": "auto", "tags": {"TestKey": "TestValue"}, "content": "FROM IMAGE:m-bp67acfmxazb4p****"}`},
		"components": {"json", `{"baseImageType": "IMAGE", "baseImage": "m-bp67acfmxazb4p****",
			"content": "COMPONENT ic-bp12dvdzvr9k9*****\nCOMPONENT acs:ecs:cn-hangzhou:18689161186*****:imagecomponent/ComponentName/1.*.*",
			"testContent": "COMPONENT ic-bp12dvdzvr9k9*****\nCOMPONENT acs:ecs:cn-hangzhou:18689161186*****:imagecomponent/ComponentName/1.*.*"}`},
		// Commands supported by Image Builder.
		"commands": {"dockerfile", `FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
ENV JAVA_HOME="/usr/lib/jvm" PORT="8080"
WORKDIR /opt
WORKDIR app/bin
USER root
COPY https://example.com/app.tar.gz /opt/
COPY /etc/hosts /opt/
LABEL team="web" \
      stage="golden"
COMPONENT ic-bp12dvdzvr9k9***** --port 8080 --title "Web tier"
RUN tar -xzf /opt/app.tar.gz \
    # the archive has one folder
    && rm /opt/app.tar.gz
RESTART
CMD ["/opt/app/bin/start", "--port", "8080"]
ENTRYPOINT /opt/app/bin/prepare
`},
		"yaml": {"yaml", `Parameters: # optional
  p1: {Type: String, DefaultValue: x}   # required: String, Number or Boolean
Tasks:                           # required, at least one, run in order
  - Name: t1                     # required
    Action: RunShellCommand      # required
    Properties: {commandContent: "echo {{ p1 }}"}
  - Name: t2
    Action: RunShellCommand
    Properties:
      commandContent: echo {{ p1 }} # references a parameter
      workingDir: "{{t1.stdout}}"
      username: root
  - {Name: t3, Action: OSSDownload, Properties: {bucketName: images, objectName: a, destinationDir: /opt, ossRegion: cn-hangzhou, validTime: 60}}
  - {Name: t4, Action: OSSUpload, Properties: {bucketName: images, objectName: a, fileToUpload: /opt/a}}
  - {Name: t5, Action: WebDownload, Properties: {sourcePath: "https://example.com/a", destinationDir: /opt, timeout: 600}}
  - {Name: t6, Action: InvokeCommand, Properties: {commandId: c-hz01, parameters: {a: b}}}
  - {Name: t7, Action: Reboot, Properties: {forceStop: false}}
`},
		"windows": {"yaml", `# ---
# systemType: Windows
# componentType: Test
# ---
Tasks:
  - Name: t1
    Action: RunPowerShellCommand
    Properties: {commandContent: Get-Service, workingDir: 'C:\', username: ops, windowsPasswordName: ops-password}
`},
		// EC2 Image Builder, component documents.
		"aws": {"yaml", `name: web-base            # optional
description: text         # optional
schemaVersion: 1.0        # required
parameters:               # optional
  - Version: {type: string, default: "1.24", description: text}
constants:                # optional
  - Root: {type: string, value: /opt/web}
phases:                   # required
  - name: build
    steps:
      - name: install
        action: ExecuteBash
        timeoutSeconds: 7200
        onFailure: Abort
        maxAttempts: 1
        inputs:
          commands:
            - set -e
            - dnf install -y nginx
`},
	}
	const examples = "../../../events/templates"
	require.NoError(t, filepath.WalkDir(examples, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "/broken/") {
			return err
		}
		text, err := os.ReadFile(path)
		language := "dockerfile"
		if filepath.Ext(path) == ".yaml" {
			language = "yaml"
		}
		list[strings.TrimPrefix(path, examples)] = block{language, string(text)}
		return err
	}))
	require.Greater(t, len(list), 12)
	return list
}
