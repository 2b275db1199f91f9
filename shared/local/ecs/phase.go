package ecs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// The statuses of an execution: its phases in their order, and its ends.
// Source: DescribeImagePipelineExecutions, member Status.
const (
	statusPreparing    = "PREPARING"
	statusRepairing    = "REPAIRING"
	statusBuilding     = "BUILDING"
	statusTesting      = "TESTING"
	statusDistributing = "DISTRIBUTING"
	statusReleasing    = "RELEASING"
	statusCancelling   = "CANCELLING"

	statusSuccess    = "SUCCESS"
	statusPartition  = "PARTITION_SUCCESS"
	statusFailed     = "FAILED"
	statusTestFailed = "TEST_FAILED"
	statusCancelled  = "CANCELLED"
)

var statuses = []string{
	statusPreparing, statusRepairing, statusBuilding, statusTesting, statusDistributing, statusReleasing, statusCancelling,
	statusSuccess, statusPartition, statusFailed, statusTestFailed, statusCancelled,
}

// phaseTime is how long each phase takes in the cloud. The documents name no
// time; builds take minutes.
const phaseTime = time.Minute

// ends is how an execution ends whose phase fails; "" is no phase.
var ends = map[string]string{
	statusPreparing: statusFailed, statusRepairing: statusFailed, statusBuilding: statusFailed,
	statusTesting:      statusTestFailed,
	statusDistributing: statusPartition, statusReleasing: statusPartition,
	statusCancelling: statusCancelled,
	"":               statusSuccess,
}

// reasons are why a phase fails where nobody says otherwise.
var reasons = map[string]string{
	statusPreparing:    "the transition instance was not created",
	statusRepairing:    "the source image has a fault that cannot be repaired",
	statusBuilding:     "a build command ended with exit code 1",
	statusTesting:      "a test command ended with exit code 1",
	statusDistributing: "the image was not copied or shared everywhere",
	statusReleasing:    "the transition resources were not released",
}

// nameTaken is why a build without a suffix to its image's name fails.
const nameTaken = "an image has the name already"

// run is how an execution goes on and what it has made. Its status is a
// function of the clock: each phase ends at a time that is known before it
// begins, and whoever calls the endpoint next lets happen what is due by then.
type run struct {
	Phases  []phase // what is to come, the present one first; none once it has ended
	Fails   string  // the phase that fails, or CANCELLING
	Why     string
	Failure string // what the failed phase left to say
	VSwitch string
	Base    machine
	Images  []madeImage // the one of the execution's own region first
}

type phase struct {
	Status string
	Until  time.Time
}

type madeImage struct{ Region, ID string }

// newRun plans an execution of the template, and takes the fault that is meant
// for it.
func (s *service) newRun(p params, template imagePipeline, base machine, start time.Time) *run {
	path := template.path()
	fault, _ := s.account.Faults.TakeBuild(func(f account.Fault) bool {
		return slices.Contains(path, f.Phase) && (f.Match == "" || p.have(f.Match))
	})
	if end := ends[fault.Phase]; end == statusFailed || end == statusTestFailed {
		path = append(path[:slices.Index(path, fault.Phase)+1], statusReleasing)
	}
	r := &run{Fails: fault.Phase, Why: fault.Code, VSwitch: template.VSwitchID, Base: base}
	for i, status := range path {
		r.Phases = append(r.Phases, phase{status, start.Add(time.Duration(i+1) * s.account.Scaled(phaseTime))})
	}
	return r
}

// path is the phases that an execution of the template passes.
func (p imagePipeline) path() []string {
	path := []string{statusPreparing}
	if p.RepairMode != "" {
		path = append(path, statusRepairing)
	}
	path = append(path, statusBuilding)
	if p.TestContent != "" {
		path = append(path, statusTesting)
	}
	if len(p.ToRegionIDs.ToRegionID)+len(p.AddAccounts.AddAccount) > 0 {
		path = append(path, statusDistributing)
	}
	return append(path, statusReleasing)
}

// settle lets every execution go on to where it is by now.
func (s *service) settle() error {
	now := s.account.Clock.Now()
	var found bool
	err := s.store.View(func(tx *store.Tx) error {
		_, found = nextDue(tx, now)
		return nil
	})
	if err != nil || !found {
		return err
	}
	return s.store.Update(func(tx *store.Tx) error {
		for {
			key, found := nextDue(tx, now)
			if !found {
				return nil
			}
			if err := advance(tx, key); err != nil {
				return err
			}
		}
	})
}

// dueForm sorts times as text.
const dueForm = "20060102150405.000000000"

// dueKey is the place of an execution among those that go on.
func dueKey(r *record) string {
	return store.Key(r.Run.Phases[0].Until.UTC().Format(dueForm), r.Region, r.ID)
}

// nextDue returns the first of them if its time has come.
func nextDue(tx *store.Tx, now time.Time) (key string, found bool) {
	tx.Scan(bucketDue, "", "", func(k string, _ []byte) bool {
		key, found = k, k[:len(dueForm)] <= now.UTC().Format(dueForm)
		return false
	})
	return key, found
}

// advance ends the present phase of an execution.
func advance(tx *store.Tx, key string) error {
	if err := tx.Delete(bucketDue, key); err != nil {
		return err
	}
	_, id, _ := strings.Cut(key, "\x00")
	region, id, _ := strings.Cut(id, "\x00")
	r, err := load(tx, executions, region, id)
	if err != nil || r == nil {
		return err
	}
	at := r.Run.Phases[0].Until
	if err := finish(tx, r, at); err != nil {
		return err
	}
	r.Run.Phases = r.Run.Phases[1:]
	return enter(tx, r, at)
}

// finish does what the end of a phase brings about.
func finish(tx *store.Tx, r *record, at time.Time) error {
	var lacking []string
	var err error
	switch {
	case r.Status == statusBuilding && r.Run.Fails != statusBuilding:
		err = buildImage(tx, r, at)
	case r.Status == statusDistributing:
		lacking, err = copyImage(tx, r, at)
	}
	if r.Run.Fails == r.Status && r.Status != statusCancelling {
		r.Run.Failure = r.Run.sayFailure(lacking)
	}
	return err
}

// sayFailure names the phase, what failed, and the regions that lack the image.
func (r *run) sayFailure(lacking []string) string {
	why := r.Why
	if why == "" {
		why = reasons[r.Fails]
	}
	text := fmt.Sprintf("%s failed: %s.", r.Fails, why)
	if len(lacking) > 0 {
		text += " No image in " + strings.Join(lacking, ", ") + "."
	}
	return text
}

// enter writes what an execution is from that time on, and when it goes on.
func enter(tx *store.Tx, r *record, at time.Time) error {
	if len(r.Run.Phases) > 0 {
		r.Status = r.Run.Phases[0].Status
		if err := tx.Put(bucketDue, dueKey(r), []byte{}); err != nil {
			return err
		}
	} else {
		r.Status = ends[r.Run.Fails]
		if err := releaseImages(tx, r); err != nil {
			return err
		}
	}
	var item imagePipelineExecution
	if err := json.Unmarshal(r.Item, &item); err != nil {
		return err
	}
	item.Status, item.Message, item.ImageID, item.ModifiedTime = r.Status, r.message(), r.Run.image(), creationTime(at)
	var err error
	if r.Item, err = json.Marshal(item); err != nil {
		return err
	}
	return save(tx, r)
}

// image is the id of the image in the execution's own region.
func (r *run) image() string {
	if len(r.Images) == 0 {
		return ""
	}
	return r.Images[0].ID
}

// message says what was done last. Source of its style: the sample answer of
// DescribeImagePipelineExecutions.
func (r *record) message() string {
	_, suffix, _ := strings.Cut(r.ID, "-")
	switch {
	case r.Run.Failure != "":
		return r.Run.Failure
	case r.Status == statusPreparing && r.Run.VSwitch != "":
		return fmt.Sprintf("Use vswitch %q success!", r.Run.VSwitch)
	case r.Status == statusPreparing:
		return fmt.Sprintf("Create transition vpc %q success!", "vpc-"+suffix)
	case r.Status == statusRepairing || r.Status == statusBuilding:
		return fmt.Sprintf("Create transition instance %q success!", "i-"+suffix)
	case r.Status == statusTesting || r.Status == statusDistributing:
		return fmt.Sprintf("Create image %q success!", r.Run.image())
	case r.Status == statusReleasing:
		return fmt.Sprintf("Release transition instance %q.", "i-"+suffix)
	case r.Status == statusCancelling:
		return "Cancel execution."
	case r.Status == statusCancelled:
		return "Cancel execution success!"
	}
	return "Execute image pipeline success!"
}

// cancel replaces the plan of an execution that has made no image.
func (s *service) cancel(tx *store.Tx, r *record) error {
	if err := tx.Delete(bucketDue, dueKey(r)); err != nil {
		return err
	}
	now := s.account.Clock.Now()
	r.Run = &run{Fails: statusCancelling, Phases: []phase{{statusCancelling, now.Add(s.account.Scaled(phaseTime))}}}
	return enter(tx, r, now)
}
