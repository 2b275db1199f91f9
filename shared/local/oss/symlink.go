package oss

import (
	"net/http"
	"net/url"

	"imagedrop/shared/local/store"
)

const targetHeader = "x-oss-symlink-target"

// putSymlink follows the page PutSymlink: the target need not exist.
func (s *Service) putSymlink(w http.ResponseWriter, c *call) error {
	target := c.Header.Get(targetHeader)
	if plain, err := url.QueryUnescape(target); err != nil || !validKey(plain) {
		return errSymlinkTarget.with("ArgumentName", targetHeader).with("ArgumentValue", target)
	}
	o, err := c.describedObject(typeSymlink)
	if err != nil {
		return err
	}
	o.weigh([]byte(target)) // its ETag is that of the name
	o.Target, o.Size, o.MD5, o.CRC64 = target, 0, "", 0
	o, err = s.store(w, c, o, nil, "ObjectCreated:PutSymlink")
	if err != nil {
		return err
	}
	w.Header().Set("ETag", o.quotedETag())
	w.WriteHeader(http.StatusOK)
	return nil
}

// getSymlink follows the page GetSymlink.
func (s *Service) getSymlink(w http.ResponseWriter, c *call) error {
	err := s.view(w, c, func(_ *store.Tx, o object) error {
		if o.Type != typeSymlink {
			return errNotSymlink
		}
		o.identify(w)
		w.Header().Set(targetHeader, o.Target)
		for name, value := range o.Headers {
			w.Header().Set(name, value)
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// follow returns what a read of o gives: o, or where it is a symlink its
// target's bytes under its own metadata.
// Source: OSS API, GetObject and HeadObject, symbolic links.
func follow(tx *store.Tx, bucket string, o object) (object, error) {
	if o.Type != typeSymlink {
		return o, nil
	}
	key, err := url.QueryUnescape(o.Target)
	if err != nil {
		return o, err
	}
	target, found, err := currentVersion(tx, bucket, key)
	switch {
	case err != nil:
		return o, err
	case !found || target.Marker:
		return o, errNoTarget
	case target.Type == typeSymlink:
		return o, errTargetType
	}
	o.Size, o.ETag, o.MD5, o.CRC64, o.Chunks = target.Size, target.ETag, target.MD5, target.CRC64, target.Chunks
	if target.Modified.After(o.Modified) {
		o.Modified = target.Modified
	}
	return o, nil
}
