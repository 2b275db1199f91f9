package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"imagedrop/shared/local/stack"
)

func newEnv(s streams) *cobra.Command {
	var at place
	var asJSON, https bool
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Print shell exports for SDKs and third-party clients",
		Long: `env prints the addresses and keys of the local cloud as exports of a shell. With
--https they are those of HTTPS, and clients of AWS and of Node.js are told whom
to trust; others take the file of IMAGEDROP_CA_FILE by an option of their own, or
by SSL_CERT_FILE, which this does not set: it would take all other authorities
from the shell.`,
		Example: `  eval "$(imagedrop env)"` + "\n  ossutil -e \"$OSS_ENDPOINT\" ls oss://\"$TEMPLATE_BUCKET\"" +
			"\n  eval \"$(imagedrop env --https)\"\n  curl --cacert \"$IMAGEDROP_CA_FILE\" \"$IMAGEDROP_CONSOLE/healthz\"",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := at.find(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.out, c.Endpoints)
			}
			for _, v := range exports(c.Endpoints, https) {
				fmt.Fprintf(s.out, "export %s=%s\n", v[0], quote(v[1]))
			}
			return nil
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the addresses as one JSON document")
	cmd.Flags().BoolVar(&https, "https", false, "the addresses of HTTPS, and whom clients are to trust")
	cmd.MarkFlagsMutuallyExclusive("json", "https")
	return cmd
}

// exports names each address as the clients of that service read it.
func exports(e stack.Endpoints, https bool) [][2]string {
	at, trust := e.Addresses, [][2]string(nil)
	if https {
		at, trust = e.HTTPS, [][2]string{{"AWS_CA_BUNDLE", e.CAFile}, {"NODE_EXTRA_CA_CERTS", e.CAFile}}
	}
	return append([][2]string{
		{"ALIBABA_CLOUD_ACCESS_KEY_ID", e.AccessKeyID},
		{"ALIBABA_CLOUD_ACCESS_KEY_SECRET", e.AccessKeySecret},
		{"ALIBABA_CLOUD_REGION_ID", e.Region},
		{"ALIBABA_CLOUD_ACCOUNT_ID", e.AccountID},
		{"OSS_ACCESS_KEY_ID", e.AccessKeyID},
		{"OSS_ACCESS_KEY_SECRET", e.AccessKeySecret},
		{"OSS_REGION", e.Region},
		{"OSS_ENDPOINT", at.OSS},
		{"MNS_ENDPOINT", at.MNS},
		{"ECS_ENDPOINT", at.ECS},
		{"FC_ENDPOINT", at.FC},
		{"AWS_ENDPOINT_URL_IMAGEBUILDER", at.EC2},
		{"AWS_ACCESS_KEY_ID", e.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", e.AccessKeySecret},
		{"AWS_REGION", e.AWSRegion},
		{"AWS_DEFAULT_REGION", e.AWSRegion}, // version 1 of the AWS command line reads only this
		{"TEMPLATE_BUCKET", e.Bucket},
		{"RESULT_QUEUE", e.ResultQueue},
		{"REQUEST_QUEUE", e.RequestQueue},
		{"PARKED_QUEUE", e.ParkedQueue},
		{"IMAGEDROP_CONSOLE", at.Console},
		{"IMAGEDROP_CA_FILE", e.CAFile},
	}, trust...)
}

// quote makes v one shell word.
func quote(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" }
