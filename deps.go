//go:build deps

package imagedrop

import (
	_ "github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	_ "github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	_ "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	_ "github.com/aliyun/aliyun-mns-go-sdk"
	_ "github.com/aliyun/fc-runtime-go-sdk/fc"
	_ "go.etcd.io/bbolt"
	_ "go.yaml.in/yaml/v3"
	_ "github.com/spf13/cobra"
	_ "github.com/stretchr/testify/require"
	_ "github.com/santhosh-tekuri/jsonschema/v6"
	_ "github.com/google/uuid"
	_ "github.com/schollz/progressbar/v3"
	_ "github.com/agnivade/levenshtein"
	_ "golang.org/x/term"
	_ "golang.org/x/sync/errgroup"
)
