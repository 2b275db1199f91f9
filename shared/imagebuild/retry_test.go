package imagebuild_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
)

// The tests of this file run in a bubble of testing/synctest, whose clock goes
// on only while everybody waits.

// calmly runs a subtest in such a bubble: the time that the work itself takes is none.
func calmly(t *testing.T, name string, test func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func nothing(imagebuild.Query) ([]imagebuild.Resource, error) { return nil, nil }

func within(d time.Duration, b *imagebuild.Builder, delivery imagebuild.Delivery) imagebuild.Result {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return b.Run(ctx, invocation, []imagebuild.Delivery{delivery})[0]
}

func TestBackoffDoublesUpToItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var limits []time.Duration
		tries := 0
		builder := &imagebuild.Builder{Objects: text(component),
			Publisher: imagebuild.Publisher{Outbox: &inbox{}, Jitter: func(limit time.Duration) time.Duration { limits = append(limits, limit); return limit / 2 }},
			Resources: resources{nothing, func(imagebuild.Request) (string, error) {
				if tries++; tries <= 8 {
					return "", failure(fault.Retryable, "Throttling.User")
				}
				return "ic-1", nil
			}}}
		started := time.Now()
		require.Equal(t, imagebuild.Created, within(time.Minute, builder, upload("job")).Status)
		ms := time.Millisecond
		require.Equal(t, []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5000 * ms, 5000 * ms}, limits)
		require.Equal(t, 8150*ms, time.Since(started))
	})
}

func TestJitterStaysBelowItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, tries := time.Now(), 0
		builder := &imagebuild.Builder{Objects: text(component), Publisher: imagebuild.Publisher{Outbox: &inbox{}},
			Resources: resources{nothing, func(imagebuild.Request) (string, error) {
				if tries++; tries <= 3 {
					return "", failure(fault.Retryable, "ServiceUnavailable")
				}
				return "ic-1", nil
			}}}
		require.Equal(t, imagebuild.Created, within(time.Minute, builder, upload("job")).Status)
		require.LessOrEqual(t, time.Since(started), 700*time.Millisecond)
	})
}

// Every call of a job is repeated.
func TestEachCallIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := map[string]bool{}
		once := func(call string) error {
			if failed[call] {
				return nil
			}
			failed[call] = true
			return failure(fault.Retryable, "")
		}
		c, box := &cloud{}, &inbox{}
		builder := &imagebuild.Builder{
			Objects: objects(func(imagebuild.ObjectRef) ([]byte, error) { return []byte(component), once("read") }),
			Resources: resources{
				func(imagebuild.Query) ([]imagebuild.Resource, error) { return nil, once("find") },
				func(r imagebuild.Request) (string, error) {
					id, _ := c.Create(context.Background(), r) // the answer is lost
					return id, once("create")
				},
			},
			Publisher: imagebuild.Publisher{Outbox: outbox(func(body []byte) error { _ = box.Publish(context.Background(), body); return once("publish") })},
		}
		require.Equal(t, imagebuild.Created, within(time.Minute, builder, upload("job")).Status)
		require.Len(t, failed, 4)
		require.Len(t, c.all, 1)
		require.Equal(t, box.outcomes(t)[0].ID, box.outcomes(t)[1].ID)
	})
}

func TestDeadlineLessTheReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		builder := &imagebuild.Builder{Objects: text(component), Publisher: imagebuild.Publisher{Outbox: &inbox{}, Jitter: noJitter},
			Resources: resources{nothing, func(imagebuild.Request) (string, error) {
				return "", failure(fault.Retryable, "InternalError")
			}}}
		started := time.Now()
		result := within(30*time.Second, builder, upload("job"))
		require.Equal(t, fault.Retryable, fault.KindOf(result.Err))
		require.Less(t, time.Since(started), 28*time.Second)
		require.Greater(t, time.Since(started), 20*time.Second)
	})
}

// A call that gets no answer ends by itself, and the next try has its turn.
func TestLostAnswerLeavesTimeForAnotherTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, hung := &inbox{}, false
		builder := &imagebuild.Builder{Publisher: imagebuild.Publisher{Outbox: box, Jitter: noJitter}, Resources: &cloud{},
			Objects: readFunc(func(ctx context.Context) ([]byte, error) {
				if !hung {
					hung = true
					<-ctx.Done()
					return nil, failure(fault.Retryable, "")
				}
				return []byte(component), nil
			})}
		started := time.Now()
		require.Equal(t, imagebuild.Created, within(time.Minute, builder, upload("job")).Status)
		require.Equal(t, 10*time.Second+100*time.Millisecond, time.Since(started))
	})
}

type readFunc func(context.Context) ([]byte, error)

func (f readFunc) Read(ctx context.Context, _ imagebuild.ObjectRef, _ int64) ([]byte, error) {
	return f(ctx)
}

// The work stops before the deadline, and what is left is for the publish.
func TestReserveIsForPublishing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left time.Duration
		builder := &imagebuild.Builder{Resources: &cloud{}, Publisher: imagebuild.Publisher{Jitter: noJitter, Outbox: publishFunc(func(ctx context.Context) error {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			return nil
		})},
			Objects: readFunc(func(ctx context.Context) ([]byte, error) {
				<-ctx.Done()
				return nil, imagebuild.ErrSuperseded // whatever: the job has its status at the last moment
			})}
		require.Equal(t, imagebuild.Skipped, within(8*time.Second, builder, upload("job")).Status)
		require.Equal(t, 2*time.Second, left)
	})
}

// Whatever time-out the function has, some of it is for the work.
func TestShortInvocation(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			builder := &imagebuild.Builder{Objects: readFunc(func(ctx context.Context) ([]byte, error) {
				select {
				case <-ctx.Done():
					return nil, failure(fault.Retryable, "")
				case <-time.After(timeout / 3):
					return []byte(component), nil
				}
			}), Resources: &cloud{}, Publisher: imagebuild.Publisher{Outbox: &inbox{}}}
			require.Equal(t, imagebuild.Created, within(timeout, builder, upload("job")).Status)
		})
	}
}

// The platform kills what has not answered at the deadline, and a function
// that is killed tells nobody why.
func TestHungPublishStillAnswers(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, 3 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			started := time.Now()
			builder := &imagebuild.Builder{Objects: text(component), Resources: &cloud{},
				Publisher: imagebuild.Publisher{Jitter: noJitter, Outbox: publishFunc(func(ctx context.Context) error {
					<-ctx.Done()
					return failure(fault.Retryable, "")
				})}}
			require.Equal(t, fault.Retryable, fault.KindOf(within(timeout, builder, upload("job")).Err))
			require.LessOrEqual(t, time.Since(started), timeout-100*time.Millisecond)
		})
	}
}

type publishFunc func(context.Context) error

func (f publishFunc) Publish(ctx context.Context, _ []byte) error { return f(ctx) }

func TestNewCredentialsComeWithTheNextInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, tries := time.Now(), 0
		builder := &imagebuild.Builder{Objects: text(component), Publisher: imagebuild.Publisher{Outbox: &inbox{}, Jitter: noJitter},
			Resources: resources{nothing, func(imagebuild.Request) (string, error) {
				tries++
				return "", failure(fault.Retryable, "InvalidSecurityToken.Expired")
			}}}
		require.Equal(t, fault.Retryable, fault.KindOf(within(time.Minute, builder, upload("job")).Err))
		require.Equal(t, []any{1, time.Duration(0)}, []any{tries, time.Since(started)})
	})
}

func TestMissingComponent(t *testing.T) {
	const own = "FROM IMAGE:m-bp1234567890\nCOMPONENT acs:ecs:cn-hangzhou:" + account + ":imagecomponent/node-exporter/1.*.*\n"
	const foreign = "FROM IMAGE:m-bp1234567890\nCOMPONENT acs:ecs:cn-hangzhou:9999999999999999:imagecomponent/node-exporter/1.*.*\n"
	tests := []struct {
		name     string
		template string
		age      time.Duration // of the event, -1 where it does not say
		status   imagebuild.Status
		waited   time.Duration
	}{
		{"own, young", own, time.Minute, "", 11300 * time.Millisecond},
		{"own, just grown old", own, 5*time.Minute - time.Second, imagebuild.Rejected, 1500 * time.Millisecond},
		{"own, old", own, 5 * time.Minute, imagebuild.Rejected, 0},
		{"own, of unknown age", own, -1, imagebuild.Rejected, 0},
		{"another account's", foreign, 0, imagebuild.Rejected, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				delivery := upload("job")
				if test.age >= 0 {
					delivery.Time = time.Now().Add(-test.age)
				}
				box := &inbox{}
				builder := &imagebuild.Builder{Objects: text(test.template), Publisher: imagebuild.Publisher{Outbox: box, Jitter: noJitter},
					Resources: resources{nothing, func(imagebuild.Request) (string, error) {
						return "", failure(fault.Permanent, "ImageComponent.NotFound")
					}}}
				started := time.Now()
				result := within(time.Minute, builder, delivery)
				require.Equal(t, test.status, result.Status)
				require.Equal(t, test.waited, time.Since(started))
				if test.status == "" {
					require.Equal(t, fault.Retryable, fault.KindOf(result.Err))
				} else {
					require.Equal(t, "ImageComponent.NotFound", box.only(t).Data.Reason.Code)
				}
			})
		})
	}
}

// The component and the pipeline that names it are dropped together.
func TestComponentArrivesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		delivery := upload("job")
		delivery.Time = started
		builder := &imagebuild.Builder{Publisher: imagebuild.Publisher{Outbox: &inbox{}, Jitter: noJitter},
			Objects: text("FROM IMAGE:m-bp1234567890\nCOMPONENT acs:ecs:cn-hangzhou:" + account + ":imagecomponent/node-exporter/1.0.0\n"),
			Resources: resources{nothing, func(imagebuild.Request) (string, error) {
				if time.Since(started) < time.Second {
					return "", failure(fault.Permanent, "ImageComponent.NotFound")
				}
				return "ip-1", nil
			}}}
		require.Equal(t, imagebuild.Created, within(time.Minute, builder, delivery).Status)
	})
}
