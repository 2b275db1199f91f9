//go:build conformance

package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/retry"

	"imagedrop/shared/local/account"
)

// openOSSSDK asks with the SDK's typed requests, as the functions do: what a
// parameter sets stands in the tags of the request. What it shows is what the
// SDK made of the answer, and the headers.
func openOSSSDK(version oss.SignatureVersionType) func(*testing.T, *cloud, *row) asker {
	return func(_ *testing.T, c *cloud, _ *row) asker {
		return func(ctx context.Context, q call) (answer, error) {
			client := oss.NewClient(oss.LoadDefaultConfig().WithRegion(account.Region).WithEndpoint(c.e.OSS).WithSignatureVersion(version).
				WithRetryer(retry.NopRetryer{}).
				WithCredentialsProvider(credentials.NewStaticCredentialsProvider(q.Key.AccessKeyID, q.Key.Secret, q.Key.Token)))
			if q.Do == "UploadFile" {
				return uploadFile(ctx, client, q)
			}
			return callOSSSDK(ctx, client, q)
		}
	}
}

func uploadFile(ctx context.Context, client *oss.Client, q call) (answer, error) {
	size, err := strconv.ParseInt(fmt.Sprint(q.With["part-size"]), 10, 64)
	if err != nil {
		return answer{}, err
	}
	uploader := client.NewUploader(func(o *oss.UploaderOptions) { o.PartSize = size })
	_, err = uploader.UploadFrom(ctx, &oss.PutObjectRequest{Bucket: oss.Ptr(fmt.Sprint(q.With["Bucket"])), Key: oss.Ptr(fmt.Sprint(q.With["Key"]))},
		strings.NewReader(fmt.Sprint(q.With["Body"])))
	return ossAnswer(nil, err)
}

func callOSSSDK(ctx context.Context, client *oss.Client, q call) (answer, error) {
	method := reflect.ValueOf(client).MethodByName(q.Do)
	if !method.IsValid() {
		return answer{}, fmt.Errorf("the SDK has no method %s", q.Do)
	}
	request := reflect.New(method.Type().In(1).Elem())
	with := maps.Clone(q.With)
	if text, ok := with["x-oss-copy-source"]; ok { // the SDK puts it together
		parts := strings.SplitN(fmt.Sprint(text), "/", 3)
		delete(with, "x-oss-copy-source")
		request.Elem().FieldByName("SourceBucket").Set(reflect.ValueOf(&parts[1]))
		request.Elem().FieldByName("SourceKey").Set(reflect.ValueOf(&parts[2]))
	}
	for name, value := range with {
		if err := setOSSField(request.Elem(), name, value); err != nil {
			return answer{}, fmt.Errorf("%s: %w", q.Do, err)
		}
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), request})
	err, _ := results[1].Interface().(error)
	return ossAnswer(results[0].Interface(), err)
}

// setOSSField sets the field of a request that a parameter stands for.
func setOSSField(request reflect.Value, name string, value any) error {
	if set, ok := ossDocumentFields[name]; ok {
		return set(request, value)
	}
	text := fmt.Sprint(value)
	if meta, ok := strings.CutPrefix(name, "x-oss-meta-"); ok {
		request.FieldByName("Metadata").Set(reflect.ValueOf(map[string]string{meta: text}))
		return nil
	}
	for i := range request.NumField() {
		tag := strings.Split(request.Type().Field(i).Tag.Get("input"), ",")
		if request.Type().Field(i).Name == name || (len(tag) > 1 && (tag[0] == "header" || tag[0] == "query") && strings.EqualFold(tag[1], name)) {
			return setOSSValue(request.Field(i), text)
		}
	}
	return fmt.Errorf("%s has no field for %s", request.Type(), name)
}

func setOSSValue(field reflect.Value, text string) error {
	switch field.Kind() {
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
		return setOSSValue(field.Elem(), text)
	case reflect.Interface:
		field.Set(reflect.ValueOf(io.Reader(strings.NewReader(text))))
	case reflect.String:
		field.SetString(text)
	case reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		field.SetInt(n)
		return err
	default:
		return fmt.Errorf("a field of kind %s", field.Kind())
	}
	return nil
}

// ossDocumentFields set what goes into the document of a request.
var ossDocumentFields = map[string]func(request reflect.Value, value any) error{
	"Objects": func(request reflect.Value, value any) error {
		var objects []oss.DeleteObject
		for _, o := range asList(value) {
			objects = append(objects, oss.DeleteObject{Key: oss.Ptr(at(o, "Key"))})
		}
		request.FieldByName("Objects").Set(reflect.ValueOf(objects))
		return nil
	},
	"Parts": func(request reflect.Value, value any) error {
		document := &oss.CompleteMultipartUpload{}
		for _, p := range asList(value) {
			n, err := strconv.ParseInt(at(p, "PartNumber"), 10, 32)
			if err != nil {
				return err
			}
			document.Parts = append(document.Parts, oss.UploadPart{PartNumber: int32(n), ETag: oss.Ptr(at(p, "ETag"))})
		}
		request.FieldByName("CompleteMultipartUpload").Set(reflect.ValueOf(document))
		return nil
	},
	"Tags": func(request reflect.Value, value any) error {
		set := &oss.TagSet{}
		for _, t := range asList(value) {
			set.Tags = append(set.Tags, oss.Tag{Key: oss.Ptr(at(t, "Key")), Value: oss.Ptr(at(t, "Value"))})
		}
		request.FieldByName("Tagging").Set(reflect.ValueOf(&oss.Tagging{TagSet: set}))
		return nil
	},
	"Status": func(request reflect.Value, value any) error {
		request.FieldByName("VersioningConfiguration").Set(reflect.ValueOf(&oss.VersioningConfiguration{
			Status: oss.VersioningStatusType(fmt.Sprint(value))}))
		return nil
	},
}

// ossAnswer shows a result of the SDK under the names of the API.
func ossAnswer(result any, err error) (answer, error) {
	var refused *oss.ServiceError
	if errors.As(err, &refused) {
		return answer{Status: refused.StatusCode, Code: refused.Code}, nil
	}
	if err != nil || result == nil {
		return answer{}, err
	}
	v := reflect.ValueOf(result).Elem()
	common, _ := v.FieldByName("ResultCommon").Interface().(oss.ResultCommon)
	a := answer{Status: common.StatusCode, Fields: map[string]any{}}
	for name, values := range common.Headers {
		a.Fields[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if got, ok := result.(*oss.GetObjectResult); ok {
		defer got.Body.Close()
		body, err := io.ReadAll(got.Body)
		a.Fields["Body"] = string(body)
		return a, err
	}
	members, _ := ossMembers(v).(map[string]any)
	maps.Copy(a.Fields, members)
	return a, nil
}

// ossMembers returns a value under the names of its XML; nil where it is not set.
func ossMembers(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return ossMembers(v.Elem())
	case reflect.Slice:
		if v.Len() == 0 {
			return nil
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = ossMembers(v.Index(i))
		}
		return list
	case reflect.Struct:
		members := map[string]any{}
		for i := range v.NumField() {
			path := ossPath(v.Type().Field(i))
			if len(path) == 0 {
				continue
			}
			place(members, path, ossMembers(v.Field(i)))
		}
		if len(members) == 0 {
			return nil
		}
		return members
	}
	return v.Interface()
}

// ossPath is where in the document a field of a result is from. A field that
// is the whole document has its members.
func ossPath(f reflect.StructField) []string {
	if tag, ok := f.Tag.Lookup("output"); ok {
		if where := strings.Split(tag, ","); where[0] == "body" && len(where) > 1 {
			return []string{""}
		}
		return nil
	}
	tag, ok := f.Tag.Lookup("xml")
	if !ok || f.Name == "XMLName" {
		return nil
	}
	if tag == ",chardata" {
		return []string{f.Name}
	}
	return strings.Split(strings.Split(tag, ",")[0], ">")
}

func place(members map[string]any, path []string, value any) {
	if value == nil {
		return
	}
	for _, name := range path[:len(path)-1] {
		inner, ok := members[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			members[name] = inner
		}
		members = inner
	}
	name := path[len(path)-1]
	if inner, ok := value.(map[string]any); ok && name == "" {
		maps.Copy(members, inner)
	} else {
		members[name] = value
	}
}
