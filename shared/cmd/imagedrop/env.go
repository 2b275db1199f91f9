package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"imagedrop/shared/local/stack"
)

func newEnv(s streams) *cobra.Command {
	var at place
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "env",
		Short:   "Print shell exports for SDKs and third-party clients",
		Example: `  eval "$(imagedrop env)"` + "\n  ossutil -e \"$OSS_ENDPOINT\" ls oss://\"$TEMPLATE_BUCKET\"",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := at.find(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.out, c.Endpoints)
			}
			for _, v := range exports(c.Endpoints) {
				fmt.Fprintf(s.out, "export %s=%s\n", v[0], quote(v[1]))
			}
			return nil
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the addresses as one JSON document")
	return cmd
}

// exports names each address as the clients of that service read it.
func exports(e stack.Endpoints) [][2]string {
	return [][2]string{
		{"ALIBABA_CLOUD_ACCESS_KEY_ID", e.AccessKeyID},
		{"ALIBABA_CLOUD_ACCESS_KEY_SECRET", e.AccessKeySecret},
		{"ALIBABA_CLOUD_REGION_ID", e.Region},
		{"ALIBABA_CLOUD_ACCOUNT_ID", e.AccountID},
		{"OSS_ACCESS_KEY_ID", e.AccessKeyID},
		{"OSS_ACCESS_KEY_SECRET", e.AccessKeySecret},
		{"OSS_REGION", e.Region},
		{"OSS_ENDPOINT", e.OSS},
		{"MNS_ENDPOINT", e.MNS},
		{"ECS_ENDPOINT", e.ECS},
		{"AWS_ENDPOINT_URL_IMAGEBUILDER", e.EC2},
		{"AWS_ACCESS_KEY_ID", e.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", e.AccessKeySecret},
		{"AWS_REGION", e.AWSRegion},
		{"TEMPLATE_BUCKET", e.Bucket},
		{"RESULT_QUEUE", e.ResultQueue},
		{"REQUEST_QUEUE", e.RequestQueue},
		{"PARKED_QUEUE", e.ParkedQueue},
		{"IMAGEDROP_CONSOLE", e.Console},
	}
}

// quote makes v one shell word.
func quote(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" }
