// Drives etcd's own Go client through one scenario against the members whose endpoints are given, and fails when
// anything is not as etcd promises. Where a scenario wants a leader killed, it prints "strike" and goes on.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3election/v3electionpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock/v3lockpb"
)

const patience = 120 * time.Second

var scenarios = map[string]func(context.Context, []string){
	"keys":     keys,
	"leases":   leases,
	"watch":    watch,
	"mutex":    mutex,
	"services": services,
	"election": election,
	"members":  members,
	"restarts": restarts,
	"snapshot": snapshot,
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 || scenarios[os.Args[1]] == nil {
		log.Fatal("usage: clientv3 SCENARIO ENDPOINT,…")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	scenarios[os.Args[1]](ctx, strings.Split(os.Args[2], ","))
	fmt.Println("passed")
}

func keys(ctx context.Context, endpoints []string) {
	client := connect(endpoints)
	defer client.Close()
	for _, key := range []string{"keys/a", "keys/b", "keys/c"} {
		must(client.Put(ctx, key, "1"))
	}
	put := must(client.Put(ctx, "keys/b", "2", clientv3.WithPrevKV()))
	check(string(put.PrevKv.Value) == "1", "the previous value is %q", put.PrevKv.Value)

	got := must(client.Get(ctx, "keys/", clientv3.WithPrefix(), clientv3.WithLimit(2)))
	check(len(got.Kvs) == 2 && got.More && got.Count == 3, "a page is %d of %d, more: %v", len(got.Kvs), got.Count, got.More)
	past := must(client.Get(ctx, "keys/b", clientv3.WithRev(put.Header.Revision-1)))
	check(string(past.Kvs[0].Value) == "1", "the past is %q", past.Kvs[0].Value)
	last := must(client.Get(ctx, "keys/", clientv3.WithLastRev()...))
	check(string(last.Kvs[0].Key) == "keys/b", "the last written is %q", last.Kvs[0].Key)

	swap := func(from, to string) bool {
		answer := must(client.Txn(ctx).
			If(clientv3.Compare(clientv3.Value("keys/a"), "=", from)).
			Then(clientv3.OpPut("keys/a", to)).
			Else(clientv3.OpGet("keys/a")).
			Commit())
		return answer.Succeeded
	}
	check(swap("1", "2"), "a swap from what is there failed")
	check(!swap("1", "3"), "a swap from what is not there succeeded")

	nested := must(client.Txn(ctx).Then(
		clientv3.OpTxn([]clientv3.Cmp{clientv3.Compare(clientv3.Version("keys/none"), "=", 0)},
			[]clientv3.Op{clientv3.OpPut("keys/none", "new"), clientv3.OpGet("keys/none")}, nil),
	).Commit())
	inner := nested.Responses[0].GetResponseTxn()
	check(inner.Succeeded && string(inner.Responses[1].GetResponseRange().Kvs[0].Value) == "new", "nested: %v", inner)

	deleted := must(client.Delete(ctx, "keys/", clientv3.WithPrefix(), clientv3.WithPrevKV()))
	check(deleted.Deleted == 4 && len(deleted.PrevKvs) == 4, "deleted %d", deleted.Deleted)

	_, err := client.Put(ctx, "", "no key")
	check(errors.Is(err, rpctypes.ErrEmptyKey), "no key: %v", err)
	_, err = client.Get(ctx, "keys/a", clientv3.WithRev(1<<40))
	check(errors.Is(err, rpctypes.ErrFutureRev), "a revision of the future: %v", err)
	must(client.Compact(ctx, deleted.Header.Revision))
	_, err = client.Get(ctx, "keys/a", clientv3.WithRev(put.Header.Revision))
	check(errors.Is(err, rpctypes.ErrCompacted), "a compacted revision: %v", err)
}

// leases: kept alive across the loss of a leader; expires when nobody keeps it; is refused when it is not there.
func leases(ctx context.Context, endpoints []string) {
	client := connect(endpoints)
	defer client.Close()
	kept := must(client.Grant(ctx, 10))
	must(client.Put(ctx, "leases/kept", "1", clientv3.WithLease(kept.ID)))
	alive := must(client.KeepAlive(ctx, kept.ID))
	forgotten := must(client.Grant(ctx, 3))
	must(client.Put(ctx, "leases/forgotten", "1", clientv3.WithLease(forgotten.ID)))
	fmt.Println("strike")
	awaitDelete(ctx, client, "leases/forgotten", forgotten.ID)
	deadline := time.Now().Add(2 * time.Duration(kept.TTL) * time.Second)
	for time.Now().Before(deadline) {
		answer, open := <-alive
		check(open && answer != nil, "keep-alives ended")
	}
	left := must(client.TimeToLive(ctx, kept.ID, clientv3.WithAttachedKeys()))
	check(left.TTL > 0 && len(left.Keys) == 1, "the kept lease has %d s and %d keys", left.TTL, len(left.Keys))
	must(client.Revoke(ctx, kept.ID))
	got := must(client.Get(ctx, "leases/", clientv3.WithPrefix()))
	check(len(got.Kvs) == 0, "%d keys outlived their leases", len(got.Kvs))
	_, err := client.Put(ctx, "leases/late", "1", clientv3.WithLease(kept.ID))
	check(errors.Is(err, rpctypes.ErrLeaseNotFound), "a revoked lease: %v", err)
}

func awaitDelete(ctx context.Context, client *clientv3.Client, key string, lease clientv3.LeaseID) {
	now := must(client.Get(ctx, key))
	if len(now.Kvs) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for answer := range client.Watch(ctx, key, clientv3.WithRev(now.Header.Revision+1), clientv3.WithFilterPut()) {
		check(answer.Err() == nil, "watch of %s: %v", key, answer.Err())
		if len(answer.Events) > 0 {
			return
		}
	}
	check(false, "lease %x never expired", lease)
}

// watch: one writer counts up, with its own retries; many watches on one stream see each number once and in order.
func watch(ctx context.Context, endpoints []string) {
	const writes, watches = 300, 20
	writer, reader := connect(endpoints), connect(endpoints)
	defer writer.Close()
	defer reader.Close()
	began := must(writer.Put(ctx, "watch/counter", "0")).Header.Revision
	var watching sync.WaitGroup
	for range watches {
		events := reader.Watch(clientv3.WithRequireLeader(ctx), "watch/", clientv3.WithPrefix(), clientv3.WithRev(began+1), clientv3.WithPrevKV())
		watching.Add(1)
		go func() {
			defer watching.Done()
			next := 1
			for next <= writes {
				answer, open := <-events
				if !open || errors.Is(answer.Err(), rpctypes.ErrNoLeader) {
					// It asked to be told; it goes on where it was: each number is one revision.
					events = reader.Watch(ctx, "watch/", clientv3.WithPrefix(), clientv3.WithRev(began+int64(next)), clientv3.WithPrevKV())
					continue
				}
				check(answer.Err() == nil, "watch: %v", answer.Err())
				for _, event := range answer.Events {
					check(string(event.Kv.Value) == strconv.Itoa(next), "after %d came %q", next-1, event.Kv.Value)
					check(string(event.PrevKv.Value) == strconv.Itoa(next-1), "%d came after %q", next, event.PrevKv.Value)
					next++
				}
			}
		}()
	}
	for n := 1; n <= writes; n++ {
		if n == writes/3 {
			fmt.Println("strike")
		}
		for !countUp(ctx, writer, n) {
			check(ctx.Err() == nil, "out of time at %d", n)
		}
	}
	watching.Wait()
}

// countUp is idempotent: a write whose fate is unknown shows in the value.
func countUp(ctx context.Context, client *clientv3.Client, n int) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := client.Txn(ctx).
		If(clientv3.Compare(clientv3.Value("watch/counter"), "=", strconv.Itoa(n-1))).
		Then(clientv3.OpPut("watch/counter", strconv.Itoa(n))).
		Commit()
	return err == nil
}

// mutex: what is read and written back under the lock is never lost, whoever leads.
func mutex(ctx context.Context, endpoints []string) {
	const workers, rounds = 4, 10
	first := connect(endpoints)
	defer first.Close()
	must(first.Put(ctx, "mutex/total", "0"))
	var working sync.WaitGroup
	for worker := range workers {
		working.Add(1)
		go func() {
			defer working.Done()
			client := connect(endpoints)
			defer client.Close()
			session := must(concurrency.NewSession(client, concurrency.WithTTL(20)))
			defer session.Close()
			lock := concurrency.NewMutex(session, "mutex/lock")
			for round := range rounds {
				if worker == 0 && round == rounds/2 {
					fmt.Println("strike")
				}
				retry(ctx, func() error { return lock.Lock(ctx) })
				total, written := 0, false
				retry(ctx, func() error {
					got, err := client.Get(ctx, "mutex/total")
					if err != nil {
						return err
					}
					now := must(strconv.Atoi(string(got.Kvs[0].Value)))
					if written && now == total+1 {
						return nil
					}
					total, written = now, true
					_, err = client.Txn(ctx).If(lock.IsOwner()).Then(clientv3.OpPut("mutex/total", strconv.Itoa(total+1))).Commit()
					return err
				})
				retry(ctx, func() error { return lock.Unlock(ctx) })
			}
		}()
	}
	working.Wait()
	got := must(first.Get(ctx, "mutex/total"))
	check(string(got.Kvs[0].Value) == strconv.Itoa(workers*rounds), "%d counted as %q", workers*rounds, got.Kvs[0].Value)
}

// election: the second waits until the first resigns, also when a leader of the members dies in between.
func election(ctx context.Context, endpoints []string) {
	candidate := func() (*clientv3.Client, *concurrency.Election) {
		client := connect(endpoints)
		return client, concurrency.NewElection(must(concurrency.NewSession(client, concurrency.WithTTL(20))), "election")
	}
	firstClient, first := candidate()
	defer firstClient.Close()
	secondClient, second := candidate()
	defer secondClient.Close()
	retry(ctx, func() error { return first.Campaign(ctx, "first") })
	won := make(chan error, 1)
	go func() { won <- second.Campaign(ctx, "second") }()
	observed := second.Observe(ctx)
	check(string((<-observed).Kvs[0].Value) == "first", "the first to campaign does not lead")
	fmt.Println("strike")
	retry(ctx, func() error { return first.Proclaim(ctx, "still first") })
	for answer := range observed {
		if string(answer.Kvs[0].Value) == "still first" {
			break
		}
	}
	select {
	case err := <-won:
		// The client does not repeat a transaction whose connection broke; it is asked again below.
		check(err != nil, "both lead")
		won <- err
	default:
	}
	retry(ctx, func() error { return first.Resign(ctx) })
	if err := <-won; err != nil {
		retry(ctx, func() error { return second.Campaign(ctx, "second") })
	}
	leader := must(second.Leader(ctx))
	check(string(leader.Kvs[0].Value) == "second", "after the first resigned %q leads", leader.Kvs[0].Value)
}

// services: locks and elections that the members hold themselves, for clients that have no recipe of their own.
func services(ctx context.Context, endpoints []string) {
	client := connect(endpoints)
	defer client.Close()
	first, second := must(client.Grant(ctx, 60)).ID, must(client.Grant(ctx, 60)).ID

	locks := v3lockpb.NewLockClient(client.ActiveConnection())
	held := must(locks.Lock(ctx, &v3lockpb.LockRequest{Name: []byte("services/door"), Lease: int64(first)}))
	waiting := make(chan []byte, 1)
	go func() {
		answer := must(locks.Lock(ctx, &v3lockpb.LockRequest{Name: []byte("services/door"), Lease: int64(second)}))
		waiting <- answer.Key
	}()
	awaitKeys(ctx, client, "services/door/", 2)
	check(len(waiting) == 0, "two hold one lock")
	must(locks.Unlock(ctx, &v3lockpb.UnlockRequest{Key: held.Key}))
	must(locks.Unlock(ctx, &v3lockpb.UnlockRequest{Key: <-waiting}))

	elections := v3electionpb.NewElectionClient(client.ActiveConnection())
	observed := must(elections.Observe(ctx, &v3electionpb.LeaderRequest{Name: []byte("services/chair")}))
	won := must(elections.Campaign(ctx, &v3electionpb.CampaignRequest{Name: []byte("services/chair"), Lease: int64(first), Value: []byte("first")}))
	check(string(must(observed.Recv()).Kv.Value) == "first", "the first to campaign does not lead")
	must(elections.Proclaim(ctx, &v3electionpb.ProclaimRequest{Leader: won.Leader, Value: []byte("still first")}))
	check(string(must(observed.Recv()).Kv.Value) == "still first", "what was proclaimed was not observed")
	leader := must(elections.Leader(ctx, &v3electionpb.LeaderRequest{Name: []byte("services/chair")}))
	check(string(leader.Kv.Value) == "still first", "%q leads", leader.Kv.Value)
	must(elections.Resign(ctx, &v3electionpb.ResignRequest{Leader: won.Leader}))
	must(elections.Campaign(ctx, &v3electionpb.CampaignRequest{Name: []byte("services/chair"), Lease: int64(second), Value: []byte("second")}))
	check(string(must(observed.Recv()).Kv.Value) == "second", "the second does not lead after the first resigned")
}

func awaitKeys(ctx context.Context, client *clientv3.Client, prefix string, count int64) {
	for must(client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())).Count != count {
		time.Sleep(10 * time.Millisecond)
	}
}

// restarts: members are stopped and started one after the other, as an upgrade does it, and no call fails.
func restarts(ctx context.Context, endpoints []string) {
	const workers, strikes = 8, 3
	var working sync.WaitGroup
	stop := make(chan struct{})
	for worker := range workers {
		working.Add(1)
		go func() {
			defer working.Done()
			client := connect(endpoints)
			defer client.Close()
			key := fmt.Sprintf("restarts/%d", worker)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				value := strconv.Itoa(n)
				must(client.Put(ctx, key, value))
				got := must(client.Get(ctx, key))
				check(string(got.Kvs[0].Value) == value, "read %q after %q", got.Kvs[0].Value, value)
			}
		}()
	}
	struck := bufio.NewScanner(os.Stdin)
	for range strikes {
		fmt.Println("strike")
		check(struck.Scan(), "nobody strikes")
	}
	close(stop)
	working.Wait()
}

func members(ctx context.Context, endpoints []string) {
	client := connect(endpoints)
	defer client.Close()
	list := must(client.MemberList(ctx))
	check(len(list.Members) == len(endpoints), "%d members", len(list.Members))
	leaders := map[uint64]bool{}
	// An election may come between the questions.
	for deadline := time.Now().Add(30 * time.Second); (len(leaders) != 1 || leaders[0]) && time.Now().Before(deadline); {
		leaders = map[uint64]bool{}
		for _, member := range list.Members {
			check(len(member.ClientURLs) == 1 && len(member.PeerURLs) == 1 && !member.IsLearner, "member %v", member)
			status := must(client.Status(ctx, member.ClientURLs[0]))
			check(status.Header.MemberId == member.ID, "%v says that it is %x", member, status.Header.MemberId)
			check(status.Header.ClusterId == list.Header.ClusterId, "clusters %x and %x", status.Header.ClusterId, list.Header.ClusterId)
			leaders[status.Leader] = true
		}
	}
	check(len(leaders) == 1 && !leaders[0], "leaders %v", leaders)
	// The client asks whom the list names.
	check(client.Sync(ctx) == nil && len(client.Endpoints()) == len(endpoints), "synced to %v", client.Endpoints())
	must(client.Put(ctx, "members/after-sync", "1"))
}

// snapshot: the stream is whole, and says so.
func snapshot(ctx context.Context, endpoints []string) {
	client := connect(endpoints[:1])
	defer client.Close()
	must(client.Put(ctx, "snapshot/key", "1"))
	answer := must(client.SnapshotWithVersion(ctx))
	size := must(io.Copy(io.Discard, answer.Snapshot))
	check(size > 0 && answer.Version != "", "%d bytes of version %q", size, answer.Version)
}

func connect(endpoints []string) *clientv3.Client {
	return must(clientv3.New(clientv3.Config{
		Endpoints:            endpoints,
		DialTimeout:          10 * time.Second,
		DialKeepAliveTime:    5 * time.Second,
		DialKeepAliveTimeout: 5 * time.Second,
	}))
}

// retry is for calls that may fail while there is no leader.
func retry(ctx context.Context, call func() error) {
	for {
		err := call()
		if err == nil {
			return
		}
		check(ctx.Err() == nil, "out of time: %v", err)
		time.Sleep(50 * time.Millisecond)
	}
}

func must[T any](value T, err error) T {
	check(err == nil, "%v", err)
	return value
}

func check(holds bool, format string, values ...any) {
	if !holds {
		log.Output(2, fmt.Sprintf(format, values...))
		panic("not as promised")
	}
}
