package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

func TestSendTakesEveryFormOfMessage(t *testing.T) {
	l := newLocal(t)
	const text = "# ---\n# name: tool\n# ---\nRUN true\n"
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	object := `{"name": "tool", "content": "RUN true"}`
	one := func(status, in string, args ...string) outcome {
		t.Helper()
		code := exitDone
		if status == "rejected" {
			code = exitRejected
		}
		got := imagedropOn(t, in, append([]string{"send", "--json", "--state", l.state}, args...)...).requireCode(t, code).outcomes(t)
		require.Len(t, got, 1)
		require.Equal(t, status, got[0].Data.Status, string(got[0].raw))
		return got[0]
	}
	first := one("created", text, "-")
	for _, body := range []string{text, encoded, encoded[:20] + "\n" + encoded[20:], object, base64.StdEncoding.EncodeToString([]byte(object))} {
		require.Equal(t, first.Data.Resource.ID, one("unchanged", "", write(t, "message", body)).Data.Resource.ID)
	}
	require.Equal(t, "/content", one("rejected", `{"content": "ADD a b"}`, "-").Data.Findings[0].Path)
	require.Equal(t, "IB0256", one("rejected", `[]`, "-").Data.Findings[0].Rule)
	require.Len(t, describe(t, l.cloud.Endpoints, "component", "tool"), 1)

	for _, body := range []string{"", "RUN \xff", "RUN \x00"} {
		r := imagedropOn(t, body, "send", "--state", l.state, "-").requireCode(t, exitTrouble)
		require.Regexp(t, "imagedrop: -: (an empty message|byte 4 is nothing)", r.err)
	}
	large := imagedropOn(t, strings.Repeat("# x\n", 20_000), "send", "--state", l.state, "-").requireCode(t, exitTrouble)
	require.Contains(t, large.err, "no outcome for 1 of 1\n  -: not acknowledged: MNS refused it: The value of MessageBody should between 1 and 65536")
}

// The sender's own key: the same message again is the same job, and the same
// outcome.
func TestAClientTokenMakesAMessageOneJob(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	message := write(t, "m.json", `{"clientToken": "build-42", "name": "tool", "content": "RUN true"}`)
	first := l.run("send", "--json", message).requireCode(t, exitDone).outcomes(t)
	again := l.run("send", "--json", message, message).requireCode(t, exitDone).outcomes(t)
	require.Len(t, again, 2)
	for _, o := range again {
		require.Equal(t, "build-42", o.Data.Job.ID)
		require.Equal(t, "created", o.Data.Status)
		require.Equal(t, first[0].ID, o.ID)
		require.Equal(t, first[0].Data.Resource.ID, o.Data.Resource.ID)
	}
	require.Len(t, describe(t, l.cloud.Endpoints, "component", "tool"), 1)
	require.Len(t, l.run("results", "--json").outcomes(t), 1, "the feed repeats, results does not")
}

// Where the answer to a send is lost, it is sent again only where that does no
// harm.
func TestALostAnswerIsNotASecondMessage(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	lost := account.Fault{Service: "mns", Operation: "SendMessage", Effect: account.EffectDropAfter}
	l.fault(lost)
	got := l.run("send", "--json", write(t, "m.json", `{"clientToken": "t", "name": "tool", "content": "RUN true"}`)).requireCode(t, exitDone).outcomes(t)
	require.Equal(t, "t", got[0].Data.Job.ID)
	require.Len(t, describe(t, l.cloud.Endpoints, "component", "tool"), 1)

	l = newLocal(t) // the message that went twice may still be at work there
	l.fault(lost)
	r := l.run("send", write(t, "m.json", `{"name": "other", "content": "RUN true"}`)).requireCode(t, exitTrouble)
	require.Contains(t, r.err, "the answer of MNS was lost, and the message may be on the queue; with a clientToken")
	require.Empty(t, l.Account().Faults.List())
}

func TestResults(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	dir := folder(t, map[string]string{"tool-a.Dockerfile": "RUN true\n", "tool-b.Dockerfile": "RUN\n", "tool-c.Dockerfile": linux + "RUN true\n"})
	l.run("drop", dir).requireCode(t, exitRejected)
	feed := l.run("results", "--json").requireCode(t, exitDone).outcomes(t)
	require.Len(t, byKey(t, feed), 3)
	text := l.run("results").requireCode(t, exitDone).out
	require.Equal(t, 3, strings.Count(text, "templates/"))
	require.Contains(t, text, "\n    1:1  error    IB0102  RUN without an argument → EmptyCommandContent.RUN\n")

	taken := l.run("results", "--take", "--json").requireCode(t, exitDone).outcomes(t)
	require.ElementsMatch(t, raws(feed), raws(taken), "reading the feed took nothing from the queue")
	require.Empty(t, l.run("results", "--take").requireCode(t, exitDone).out)
	require.Len(t, l.run("results", "--json").outcomes(t), 3, "taking takes nothing from the feed")

	_, err := l.cloud.queue(l.cloud.ResultQueue).SendMessage(ali_mns.MessageSendRequest{MessageBody: "not ours", Priority: priority})
	require.NoError(t, err)
	r := l.run("results", "--take").requireCode(t, exitTrouble)
	require.Contains(t, r.err, "1 message in imagedrop-results: no outcome, left there")
}

func raws(list []outcome) (texts []string) {
	for _, o := range list {
		texts = append(texts, string(o.raw))
	}
	return texts
}

func TestTakeUndoesTheEncodingOfResults(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	const event = `{"id":"1","data":{"status":"created","resource":{"kind":"component","name":"x"}}}`
	_, err := l.cloud.queue(l.cloud.ResultQueue).SendMessage(ali_mns.MessageSendRequest{
		MessageBody: base64.StdEncoding.EncodeToString([]byte(event)), Priority: priority,
	})
	require.NoError(t, err)
	require.Equal(t, event+"\n", l.run("results", "--json").out)
	require.Equal(t, event+"\n", l.run("results", "--take", "--json").requireCode(t, exitDone).out)
}

// --follow shows what was and what comes, through a restart, until it is told
// to end.
func TestFollow(t *testing.T) {
	t.Parallel()
	l := newLocal(t, func(o *stack.Options) { o.Memory = false })
	follow := start(t, "results", "--follow", "--json", "--state", l.state)
	lines := json.NewDecoder(follow.out)
	next := func(key string) {
		t.Helper()
		var o json.RawMessage
		require.NoError(t, lines.Decode(&o), follow.err)
		require.Equal(t, "templates/"+key, readOutcome(o).Data.Job.Key)
	}
	drop := func(key string) { l.run("drop", write(t, key, "RUN true\n")).requireCode(t, exitDone) }
	drop("tool-a.Dockerfile")
	next("tool-a.Dockerfile")
	drop("tool-b.Dockerfile")
	next("tool-b.Dockerfile")
	require.NoError(t, l.Close())
	again := newLocal(t, func(o *stack.Options) { o.Memory, o.StateDir = false, l.state })
	again.state = l.state
	again.run("drop", write(t, "tool-c.Dockerfile", "RUN true\n")).requireCode(t, exitDone)
	next("tool-c.Dockerfile")
	require.NoError(t, follow.Process.Signal(os.Interrupt))
	require.Equal(t, exitDone, follow.end())
}
