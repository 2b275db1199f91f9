package imagebuild

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// AWSPartType tells an AWSPart from whatever else a queue may hold.
const AWSPartType = "imagedrop.aws-part.v1"

// AWSPart asks the function awscomponent for the AWS part of a job. It carries
// the texts as they came, so that findings point into them and steps are named
// after their lines. The contract is events/schema/aws-part.schema.json.
type AWSPart struct {
	Type string     `json:"type"`
	Job  OutcomeJob `json:"job"`
	Time string     `json:"time,omitempty"` // of the event, RFC 3339; "" where it does not say
	// Path and Text are the object: of an upload, or what the templateUri of
	// Body names.
	Path string `json:"path,omitempty"`
	Text string `json:"text,omitempty"`
	Body string `json:"body,omitempty"` // of a message
	// Encoding is "gzip" where Text and Body, which would not fit as they are,
	// are base64 of gzip.
	Encoding string `json:"encoding,omitempty"`
}

// encode returns the message body, and whether it fits into a message.
func (p AWSPart) encode() (body []byte, fits bool, err error) {
	p.Type = AWSPartType
	if body, err = marshal(p); err != nil || len(body) <= maxBody {
		return body, err == nil, err
	}
	p.Encoding = gzipped
	for _, text := range []*string{&p.Text, &p.Body} {
		if *text != "" {
			*text = zip(*text)
		}
	}
	body, err = marshal(p)
	return body, err == nil && len(body) <= maxBody, err
}

// decodeAWSPart reads a message body. Members that it does not know are
// ignored; what is needed must be there and well formed. An error is a fault
// of kind Invalid.
func decodeAWSPart(body []byte) (AWSPart, error) {
	const op = "imagebuild.decodeAWSPart"
	var p AWSPart
	if err := json.Unmarshal(body, &p); err != nil || p.Type != AWSPartType {
		return AWSPart{}, fault.New(fault.Invalid, op, "not a message of type "+AWSPartType)
	}
	if p.Encoding == gzipped {
		for _, text := range []*string{&p.Text, &p.Body} {
			if *text == "" {
				continue
			}
			plain, err := unzip(*text)
			if err != nil {
				return AWSPart{}, fault.New(fault.Invalid, op, "the template cannot be unpacked")
			}
			*text = plain
		}
		p.Encoding = ""
	}
	for _, member := range []struct {
		name string
		ok   bool
	}{
		{"job.id", isToken(p.Job.ID)},
		{"job.trigger", p.Job.Trigger != ""},
		{"job", p.Job.fits()},
		{"encoding", p.Encoding == ""},
		{"path", p.Path != "" || p.Text == ""},
		{"body", p.Path != "" || p.Body != ""},
	} {
		if !member.ok {
			return AWSPart{}, fault.New(fault.Invalid, op, member.name+" is missing or malformed")
		}
	}
	return p, nil
}

// template reads the texts as the function that sent them did.
func (p AWSPart) template() *template.Template {
	if p.Body == "" {
		return template.ParseFile(p.Path, []byte(p.Text))
	}
	return template.ParseMessage([]byte(p.Body)).Resolve(p.Path, []byte(p.Text))
}

// awsNamespace is the namespace of ClientTokens for AWS: changing it makes
// every job in flight a new one. It was drawn at random.
const awsNamespace = "\x3b\x1f\x8d\x5a\x6e\x2c\x4f\x90\xa7\xd4\x1c\x0e\x95\xb2\x68\xf3"

// awsToken is the ClientToken of a job for AWS, a UUID of version 5: 36
// characters, which is all that the API takes.
// Source: EC2 Image Builder 2019-12-02, CreateComponent, clientToken; RFC 9562, 5.5.
func awsToken(jobID string) string {
	sum := sha1.Sum([]byte(awsNamespace + jobID))
	id := sum[:16]
	id[6], id[8] = id[6]&0x0f|0x50, id[8]&0x3f|0x80
	text := hex.EncodeToString(id)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// handOver sends the job's AWS part on its way, or says why there is none. An
// error is of the kind that keeps the event from being acknowledged: a repeat
// does no harm, since the part has the job's ID whenever it is sent.
func (j *job) handOver(ctx context.Context) error {
	if !j.template.Rejects(template.TargetAWS) {
		body, fits, err := j.awsPart().encode()
		if err != nil {
			return err
		}
		if fits {
			return j.retry(ctx, func(ctx context.Context) error { return j.AWS.Send(ctx, body, 0) })
		}
		j.template.Report("IB0517", template.Value{},
			fmt.Sprintf("the template is too large to be handed on to AWS: it must fit into a message of %d bytes, compressed", maxBody),
			"fetch large texts while the image is built")
	}
	return j.publish(ctx, j.outcomeFor(template.TargetAWS, Rejected))
}

func (j *job) awsPart() AWSPart {
	part := AWSPart{Job: j.delivery.source(j.id), Path: j.path, Text: string(j.text), Body: string(j.delivery.Body)}
	if !j.spent.happened.IsZero() {
		part.Time = j.spent.happened.UTC().Format(time.RFC3339Nano)
	}
	return part
}
