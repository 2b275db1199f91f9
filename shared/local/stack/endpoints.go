package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Addresses are the URLs of the services.
type Addresses struct {
	Console string `json:"console"`
	ECS     string `json:"ecs"`
	OSS     string `json:"oss"`
	MNS     string `json:"mns"` // in the form that the MNS SDK can parse
	EC2     string `json:"ec2"` // EC2 Image Builder
	FC      string `json:"fc"`
}

// Endpoints are the addresses of a running local cloud and what a client needs
// besides; the content of endpoints.json in the state directory.
type Endpoints struct {
	Addresses                 // over HTTP
	HTTPS           Addresses `json:"https"`
	CAFile          string    `json:"caFile"` // PEM, the authority of the certificates of HTTPS
	Region          string    `json:"region"`
	AccountID       string    `json:"accountId"`
	AccessKeyID     string    `json:"accessKeyId"`
	AccessKeySecret string    `json:"accessKeySecret"`
	AWSRegion       string    `json:"awsRegion"` // of the function that calls AWS, "" where none does
	Bucket          string    `json:"bucket"`    // of the first OSS trigger, "" where there is none
	Prefix          string    `json:"prefix"`
	ResultQueue     string    `json:"resultQueue"`
	RequestQueue    string    `json:"requestQueue"` // of the first queue trigger, "" where there is none
	ParkedQueue     string    `json:"parkedQueue"`  // of given-up events, "" where no function parks any
	Policy          string    `json:"policy"`       // of the functions that have one, "" where they differ
	PID             int       `json:"pid"`
	StartedAt       time.Time `json:"startedAt"`
}

const endpointsFile = "endpoints.json"

// ReadEndpoints returns the addresses of the local cloud that keeps its state
// in stateDir. The error is fs.ErrNotExist where none is running there; after a
// kill the addresses of the dead one remain.
func ReadEndpoints(stateDir string) (Endpoints, error) {
	path := filepath.Join(stateDir, endpointsFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Endpoints{}, fmt.Errorf("no local cloud is running with its state in %s: %w", stateDir, fs.ErrNotExist)
	}
	if err != nil {
		return Endpoints{}, err
	}
	var e Endpoints
	if err := json.Unmarshal(data, &e); err != nil {
		return Endpoints{}, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// runs reports whether the process is there; what a kill left behind names one
// that is not.
func (e Endpoints) runs() bool {
	return e.PID > 0 && !errors.Is(syscall.Kill(e.PID, 0), syscall.ESRCH)
}

// byService returns the addresses by the name of their service.
func (a Addresses) byService() map[string]string {
	return map[string]string{"console": a.Console, "ecs": a.ECS, "oss": a.OSS, "mns": a.MNS, "ec2": a.EC2, "fc": a.FC}
}

func (e Endpoints) write(stateDir string) error {
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(stateDir, endpointsFile), append(data, '\n'), 0o600)
}

// writeWhole puts a file in place whole: a reader sees the old or the new.
func writeWhole(path string, data []byte, mode os.FileMode) error {
	if err := os.WriteFile(path+".new", data, mode); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
