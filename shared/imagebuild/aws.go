package imagebuild

import "context"

// AWSRequest creates one component of EC2 Image Builder. Empty members are not sent.
type AWSRequest struct {
	RegionID                                 string // "" means that of the credentials' chain
	ClientToken                              string // required, 1 to 36 characters
	Name, SemanticVersion, Platform          string // required
	Description, ChangeDescription, KMSKeyID string
	SupportedOSVersions                      []string
	Tags                                     map[string]string
	Data, URI                                string // exactly one
	DryRun                                   bool
}

// AWSComponent is one build version of a component of EC2 Image Builder.
type AWSComponent struct {
	ARN         string // ends in the number of the build
	DateCreated string // as the service spells it, sorts as text
	Tags        map[string]string
}

// AWSComponents creates and finds components of EC2 Image Builder. All methods
// answer faults; Create's carry the service's code.
type AWSComponents interface {
	// Create answers the ARN of the new build version, or that of an earlier
	// call with the same ClientToken. The success of a dry run is the fault
	// with the code DryRunOperationException.
	Create(ctx context.Context, r AWSRequest) (arn string, err error)
	// Builds returns every build version of this account's component of that
	// name and version, in no particular order. regionID as in a request.
	Builds(ctx context.Context, regionID, name, semanticVersion string) ([]AWSComponent, error)
	// Namesakes is Builds for every spelling that the service takes for the same
	// name: small or capital letters, blank, - or _. It lists all components of
	// the version.
	Namesakes(ctx context.Context, regionID, name, semanticVersion string) ([]AWSComponent, error)
}
