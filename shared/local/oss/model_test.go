package oss_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/modeltest"
	"imagedrop/shared/local/oss"
)

// The service, asked by the vendor's SDK over HTTP, against a model of it:
// maps and slices, and nothing that is indexed, cut into chunks or kept on a disk.
func TestServiceAgainstAModel(t *testing.T) {
	modeltest.Check(t, func(rt *rapid.T, g *modeltest.Ground) {
		m := newLockstep(rt, g)
		rt.Repeat(map[string]func(*rapid.T){
			"":           m.compare,
			"Put":        m.put,
			"Append":     m.append,
			"Copy":       m.copy,
			"Link":       m.link,
			"Get":        m.get,
			"Delete":     m.delete,
			"DeleteMany": m.deleteMany,
			"Tag":        m.tag,
			"List":       m.list,
			"Versioning": m.setVersioning,
			"Initiate":   m.initiate,
			"UploadPart": m.uploadPart,
			"CopyPart":   m.copyPart,
			"Complete":   m.complete,
			"Abort":      m.abort,
			"Restart":    m.Restart,
		})
	})
}

// version is a version of a key as the model knows it.
type version struct {
	id     string // "null", or as the service said
	marker bool
	kind   string
	body   string
	meta   string
	tag    string // value of the one tag, "" for none
	target string // key, of a link
	bodies int    // from how many requests its bytes are
}

type openUpload struct {
	key, id, meta string
	parts         map[int32]string
}

// lockstep is a running service and the model of what it holds.
type lockstep struct {
	*modeltest.Ground
	service http.Handler
	server  *httptest.Server
	client  *sdk.Client

	versioning string
	keys       map[string][]*version // the newest first
	uploads    []*openUpload         // the oldest first
}

func newLockstep(t *rapid.T, g *modeltest.Ground) *lockstep {
	m := &lockstep{Ground: g, keys: map[string][]*version{}}
	m.Clock = account.NewManualClock(time.Now()) // the SDK's
	m.Start(t, func() { m.serve(t) })
	m.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m.service.ServeHTTP(w, r) }))
	t.Cleanup(m.server.Close)
	m.client = (&cloud{url: m.server.URL}).newClient(func(*sdk.Config) {})
	return m
}

func (m *lockstep) serve(t *rapid.T) {
	service := oss.New(account.NewAt(m.Clock), m.Store, oss.Options{})
	require.NoError(t, service.CreateBucket(bucket))
	m.service = service
}

// What is drawn. Keys that are prefixes of each other, and of which one comes
// between another and what is below it.
var modelKeys = []string{"a", "a/1", "a/2", "a0", "b c", "é/1"}

func drawKey(t *rapid.T, label string) string { return modeltest.Pick(t, label, modelKeys) }

func drawBody(t *rapid.T) string {
	return strings.Repeat(rapid.StringMatching(`[a-z]`).Draw(t, "letter"), modeltest.Pick(t, "length", []int{0, 1, 5, 70}))
}

// drawVersion draws "", or the id of a version of the key, or one that is none.
func (m *lockstep) drawVersion(t *rapid.T, key string) string {
	ids := []string{"", "", "null", "CAEQ0000"}
	for _, v := range m.keys[key] {
		ids = append(ids, v.id)
	}
	return modeltest.Pick(t, "version", ids)
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// expect requires that err is that error of the service, "" being none.
func expect(t *rapid.T, code string, err error) {
	t.Helper()
	if code == "" {
		require.NoError(t, err)
		return
	}
	var refused *sdk.ServiceError
	require.True(t, errors.As(err, &refused), "wanted %s, got %v", code, err)
	require.Equal(t, code, refused.Code, refused.Message)
}

// add makes v the newest version of a key; id is how the service called it.
func (m *lockstep) add(t *rapid.T, key string, v *version, id *string) {
	switch m.versioning {
	case "Enabled":
		v.id = *id
		require.Regexp(t, "^CAEQ", v.id)
	default:
		v.id = "null"
		m.drop(key, "null")
		if m.versioning == "" {
			require.Nil(t, id)
		} else {
			require.Equal(t, "null", *id)
		}
	}
	m.keys[key] = append([]*version{v}, m.keys[key]...)
}

func (m *lockstep) drop(key, id string) {
	m.keys[key] = slices.DeleteFunc(m.keys[key], func(v *version) bool { return v.id == id })
}

// find returns the version that a read names, or the code of its refusal.
func (m *lockstep) find(key, id string) (*version, string) {
	all := m.keys[key]
	if len(all) == 0 || id == "" && all[0].marker {
		return nil, "NoSuchKey"
	}
	if id == "" {
		return all[0], ""
	}
	for _, v := range all {
		if v.id == id && v.marker {
			return nil, "MethodNotAllowed"
		}
		if v.id == id {
			return v, ""
		}
	}
	return nil, "NoSuchVersion"
}

// follow returns the bytes that a read of v gives.
func (m *lockstep) follow(v *version) (body, code string) {
	if v.kind != "Symlink" {
		return v.body, ""
	}
	target, code := m.find(v.target, "")
	switch {
	case code != "":
		return "", "SymlinkTargetNotExist"
	case target.kind == "Symlink":
		return "", "InvalidTargetType"
	}
	return target.body, ""
}

// read is find and follow.
func (m *lockstep) read(key, id string) (v *version, body, code string) {
	if v, code = m.find(key, id); code == "" {
		body, code = m.follow(v)
	}
	return v, body, code
}

// bodiesOf is in how many chunks a body is kept.
func bodiesOf(body string) int { return min(len(body), 1) }

func (m *lockstep) put(t *rapid.T) {
	key, v := drawKey(t, "key"), &version{kind: "Normal", body: drawBody(t), meta: drawKey(t, "meta"), tag: modeltest.Pick(t, "tag", []string{"", "x"})}
	v.bodies = bodiesOf(v.body)
	forbid := rapid.Bool().Draw(t, "forbid")
	request := &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: &key, Body: strings.NewReader(v.body), Metadata: map[string]string{"m": v.meta},
		ForbidOverwrite: sdk.Ptr(fmt.Sprint(forbid))}
	if v.tag != "" {
		request.Tagging = sdk.Ptr("k=" + v.tag)
	}
	result, err := m.client.PutObject(t.Context(), request)
	if forbid && m.versioning == "" && len(m.keys[key]) > 0 {
		expect(t, "FileAlreadyExists", err)
		return
	}
	expect(t, "", err)
	m.add(t, key, v, result.VersionId)
}

func (m *lockstep) append(t *rapid.T) {
	key, body := drawKey(t, "key"), drawBody(t)
	old, absent := m.find(key, "")
	length := 0
	if absent == "" {
		length = len(old.body)
	}
	position := modeltest.Pick(t, "position", []int64{int64(length), int64(length), 3})
	result, err := m.client.AppendObject(t.Context(), &sdk.AppendObjectRequest{Bucket: sdk.Ptr(bucket), Key: &key, Position: &position,
		Body: strings.NewReader(body), Metadata: map[string]string{"m": "appended"}})
	switch {
	case absent == "" && old.kind != "Appendable":
		expect(t, "ObjectNotAppendable", err)
		return
	case int(position) != length:
		expect(t, "PositionNotEqualToLength", err)
		return
	}
	expect(t, "", err)
	if absent != "" {
		old = &version{kind: "Appendable", meta: "appended"}
		m.add(t, key, old, result.VersionId)
	}
	old.body += body
	old.bodies += bodiesOf(body)
	require.EqualValues(t, len(old.body), result.NextPosition)
	require.Equal(t, crcOf(old.body), *result.HashCRC64)
}

func (m *lockstep) copy(t *rapid.T) {
	from, key := drawKey(t, "from"), drawKey(t, "key")
	id := m.drawVersion(t, from)
	request := &sdk.CopyObjectRequest{Bucket: sdk.Ptr(bucket), Key: &key, SourceKey: &from, SourceVersionId: optional(id)}
	replace := rapid.Bool().Draw(t, "replace")
	if replace {
		request.MetadataDirective, request.Metadata = sdk.Ptr("REPLACE"), map[string]string{"m": "copied"}
	}
	result, err := m.client.CopyObject(t.Context(), request)
	source, body, code := m.read(from, id)
	if code == "" && source.kind == "Appendable" {
		code = "OperationNotSupported"
	}
	expect(t, code, err)
	if code != "" {
		return
	}
	v := &version{kind: "Normal", body: body, meta: source.meta, tag: source.tag, bodies: bodiesOf(body)}
	if replace {
		v.meta = "copied"
	}
	m.add(t, key, v, result.VersionId)
}

func (m *lockstep) link(t *rapid.T) {
	key, target := drawKey(t, "key"), drawKey(t, "target")
	result, err := m.client.PutSymlink(t.Context(), &sdk.PutSymlinkRequest{Bucket: sdk.Ptr(bucket), Key: &key,
		Target: sdk.Ptr(strings.ReplaceAll(target, " ", "%20")), Metadata: map[string]string{"m": "link"}})
	expect(t, "", err)
	m.add(t, key, &version{kind: "Symlink", target: target, meta: "link"}, result.VersionId)
}

func (m *lockstep) get(t *rapid.T) {
	key := drawKey(t, "key")
	id := m.drawVersion(t, key)
	v, body, code := m.read(key, id)
	request := &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: &key, VersionId: optional(id)}
	first, last := 0, len(body)-1
	if len(body) > 0 && rapid.Bool().Draw(t, "range") {
		first = rapid.IntRange(0, len(body)-1).Draw(t, "first")
		last = rapid.IntRange(first, len(body)-1).Draw(t, "last")
		request.Range = sdk.Ptr(fmt.Sprintf("bytes=%d-%d", first, last))
	}
	result, err := m.client.GetObject(t.Context(), request)
	expect(t, code, err)
	if code != "" {
		return
	}
	defer result.Body.Close()
	got, err := io.ReadAll(result.Body)
	require.NoError(t, err)
	require.Equal(t, body[first:last+1], string(got))
	require.Equal(t, []string{v.meta, v.kind, crcOf(body)}, []string{result.Metadata["m"], *result.ObjectType, *result.HashCRC64})
	require.EqualValues(t, bodiesOf(v.tag), result.TaggingCount)
}

func (m *lockstep) delete(t *rapid.T) {
	key := drawKey(t, "key")
	id := m.drawVersion(t, key)
	result, err := m.client.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr(bucket), Key: &key, VersionId: optional(id)})
	expect(t, "", err)
	m.forget(t, key, id, result.VersionId)
}

// forget does in the model what a delete does; told is the version that the
// service says is gone, or the marker.
func (m *lockstep) forget(t *rapid.T, key, id string, told *string) {
	if id == "" && m.versioning != "" {
		m.add(t, key, &version{marker: true}, told)
		return
	}
	m.drop(key, cmp.Or(id, "null"))
}

func (m *lockstep) deleteMany(t *rapid.T) {
	var objects []sdk.DeleteObject
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(modelKeys), 1, 3, rapid.ID[string]).Draw(t, "keys") {
		objects = append(objects, sdk.DeleteObject{Key: &key, VersionId: optional(m.drawVersion(t, key))})
	}
	result, err := m.client.DeleteMultipleObjects(t.Context(), &sdk.DeleteMultipleObjectsRequest{Bucket: sdk.Ptr(bucket), Objects: objects})
	expect(t, "", err)
	for i, o := range objects {
		m.forget(t, *o.Key, sdk.ToString(o.VersionId), result.DeletedObjects[i].DeleteMarkerVersionId)
	}
}

func (m *lockstep) tag(t *rapid.T) {
	key := drawKey(t, "key")
	id := m.drawVersion(t, key)
	value := modeltest.Pick(t, "value", []string{"y", "z"})
	_, err := m.client.PutObjectTagging(t.Context(), &sdk.PutObjectTaggingRequest{Bucket: sdk.Ptr(bucket), Key: &key, VersionId: optional(id),
		Tagging: &sdk.Tagging{TagSet: &sdk.TagSet{Tags: []sdk.Tag{{Key: sdk.Ptr("k"), Value: &value}}}}})
	v, code := m.find(key, id)
	expect(t, code, err)
	if code == "" {
		v.tag = value
	}
}

func (m *lockstep) setVersioning(t *rapid.T) {
	m.versioning = modeltest.Pick(t, "status", []string{"Enabled", "Enabled", "Suspended"})
	_, err := m.client.PutBucketVersioning(t.Context(), &sdk.PutBucketVersioningRequest{Bucket: sdk.Ptr(bucket),
		VersioningConfiguration: &sdk.VersioningConfiguration{Status: sdk.VersioningStatusType(m.versioning)}})
	expect(t, "", err)
}

func (m *lockstep) initiate(t *rapid.T) {
	u := &openUpload{key: drawKey(t, "key"), meta: drawKey(t, "meta"), parts: map[int32]string{}}
	result, err := m.client.InitiateMultipartUpload(t.Context(), &sdk.InitiateMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: &u.key,
		Metadata: map[string]string{"m": u.meta}})
	expect(t, "", err)
	u.id = *result.UploadId
	m.uploads = append(m.uploads, u)
}

func (m *lockstep) drawUpload(t *rapid.T) *openUpload {
	if len(m.uploads) == 0 {
		t.Skip("no upload is open")
	}
	return modeltest.Pick(t, "upload", m.uploads)
}

func (m *lockstep) uploadPart(t *rapid.T) {
	u, number, body := m.drawUpload(t), rapid.Int32Range(1, 4).Draw(t, "number"), drawBody(t)
	if rapid.Bool().Draw(t, "large") {
		body += strings.Repeat("x", partSize)
	}
	result, err := m.client.UploadPart(t.Context(), &sdk.UploadPartRequest{Bucket: sdk.Ptr(bucket), Key: &u.key, UploadId: &u.id, PartNumber: number,
		Body: strings.NewReader(body)})
	expect(t, "", err)
	require.Equal(t, crcOf(body), *result.HashCRC64)
	u.parts[number] = body
}

func (m *lockstep) copyPart(t *rapid.T) {
	u, number, from := m.drawUpload(t), rapid.Int32Range(1, 4).Draw(t, "number"), drawKey(t, "from")
	_, err := m.client.UploadPartCopy(t.Context(), &sdk.UploadPartCopyRequest{Bucket: sdk.Ptr(bucket), Key: &u.key, UploadId: &u.id, PartNumber: number,
		SourceKey: &from})
	_, body, code := m.read(from, "")
	expect(t, code, err)
	if code == "" {
		u.parts[number] = body
	}
}

func (m *lockstep) complete(t *rapid.T) {
	u := m.drawUpload(t)
	listed, err := m.client.ListParts(t.Context(), &sdk.ListPartsRequest{Bucket: sdk.Ptr(bucket), Key: &u.key, UploadId: &u.id})
	expect(t, "", err)
	require.Len(t, listed.Parts, len(u.parts))
	v, code := &version{kind: "Multipart", meta: u.meta}, ""
	var parts []sdk.UploadPart
	for _, p := range listed.Parts {
		body := u.parts[p.PartNumber]
		require.EqualValues(t, len(body), p.Size)
		if rapid.Bool().Draw(t, "leave out") {
			continue
		}
		if last := len(parts) - 1; last >= 0 && len(u.parts[parts[last].PartNumber]) < partSize {
			code = "EntityTooSmall"
		}
		parts = append(parts, sdk.UploadPart{PartNumber: p.PartNumber, ETag: p.ETag})
		v.body += body
		v.bodies += bodiesOf(body)
	}
	result, err := m.client.CompleteMultipartUpload(t.Context(), &sdk.CompleteMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: &u.key, UploadId: &u.id,
		CompleteMultipartUpload: &sdk.CompleteMultipartUpload{Parts: parts}})
	expect(t, code, err)
	if code == "" {
		m.closeUpload(u)
		m.add(t, u.key, v, result.VersionId)
	}
}

func (m *lockstep) abort(t *rapid.T) {
	u := m.drawUpload(t)
	_, err := m.client.AbortMultipartUpload(t.Context(), &sdk.AbortMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: &u.key, UploadId: &u.id})
	expect(t, "", err)
	m.closeUpload(u)
}

func (m *lockstep) closeUpload(u *openUpload) {
	m.uploads = slices.DeleteFunc(m.uploads, func(other *openUpload) bool { return other == u })
}

func (m *lockstep) list(t *rapid.T) {
	prefix := modeltest.Pick(t, "prefix", []string{"", "a", "a/", "é"})
	delimiter := modeltest.Pick(t, "delimiter", []string{"", "/", "/1"})
	limit := rapid.Int32Range(1, 4).Draw(t, "limit")
	want := map[string]bool{}
	for key := range m.keys {
		if _, code := m.find(key, ""); code != "" || !strings.HasPrefix(key, prefix) {
			continue
		}
		if head, _, found := strings.Cut(key[len(prefix):], delimiter); found && delimiter != "" {
			key = prefix + head + delimiter + " prefix"
		}
		want[key] = true
	}
	var got []string
	pages := m.client.NewListObjectsV2Paginator(&sdk.ListObjectsV2Request{Bucket: sdk.Ptr(bucket), Prefix: &prefix, Delimiter: &delimiter, MaxKeys: limit})
	for pages.HasNext() {
		page, err := pages.NextPage(t.Context())
		expect(t, "", err)
		require.LessOrEqual(t, page.KeyCount, int(limit))
		got = append(got, names(page.Contents, page.CommonPrefixes)...)
	}
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(got)))
}

// compare holds all versions, all uploads and all bytes that are kept against
// the model.
func (m *lockstep) compare(t *rapid.T) {
	var want, got []string
	bodies := 0
	for _, key := range slices.Sorted(maps.Keys(m.keys)) {
		for i, v := range m.keys[key] {
			want = append(want, fmt.Sprint(key, v.id, i == 0, v.marker, v.kind, len(v.body)))
			bodies += v.bodies
		}
	}
	listed, err := m.client.ListObjectVersions(t.Context(), &sdk.ListObjectVersionsRequest{Bucket: sdk.Ptr(bucket), IsMix: true, MaxKeys: 1000})
	expect(t, "", err)
	for _, v := range listed.ObjectVersionsDeleteMarkers {
		got = append(got, fmt.Sprint(*v.Key, *v.VersionId, v.IsLatest, v.ETag == nil, sdk.ToString(v.Type), v.Size))
	}
	require.Equal(t, want, got)

	uploads, err := m.client.ListMultipartUploads(t.Context(), &sdk.ListMultipartUploadsRequest{Bucket: sdk.Ptr(bucket)})
	expect(t, "", err)
	open := slices.SortedStableFunc(slices.Values(m.uploads), func(a, b *openUpload) int { return strings.Compare(a.key, b.key) })
	require.Len(t, uploads.Uploads, len(open))
	for i, u := range open {
		require.Equal(t, []string{u.key, u.id}, []string{*uploads.Uploads[i].Key, *uploads.Uploads[i].UploadId})
		for _, body := range u.parts {
			bodies += bodiesOf(body)
		}
	}
	require.Equal(t, bodies, rowsOf(t, m.Store, "oss.chunks"), "bytes without a version or a part")
}
