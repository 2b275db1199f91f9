module imagedrop/shared/template/buildkit

go 1.26.8

require (
	github.com/moby/buildkit v0.34.2
	github.com/stretchr/testify v1.12.1
	imagedrop v0.0.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/containerd/typeurl/v2 v2.3.0 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/planetscale/vtprotobuf v0.6.1-0.20240319094008-0393e58bdf10 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	mvdan.cc/sh/v3 v3.14.1 // indirect
)

replace imagedrop => ../../..
