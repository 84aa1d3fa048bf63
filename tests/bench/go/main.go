// The rows in Go: bench ROW COUNT prints a line for each measurement, name<TAB>value<TAB>unit, and ends with 1
// if its counts do not add up. A process is a goroutine with one buffered channel, so a full one holds up its
// sender. There are no supervisors: a restart is a panic, a recover, and a goroutine that starts the next.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const buffer = 64

func expect(what string, got, expected uint64) {
	if got != expected {
		fmt.Fprintf(os.Stderr, "%s: %d instead of %d\n", what, got, expected)
		os.Exit(1)
	}
}
func sumTo(n uint64) uint64 { return n * (n + 1) / 2 }
func print(name string, value float64, unit string) {
	fmt.Printf("%s\t%.4g\t%s\n", name, value, unit)
}
func each(begin time.Time, n uint64) float64 {
	return float64(time.Since(begin).Nanoseconds()) / float64(n)
}

func pingPong(n uint64) {
	there, back := make(chan uint64, buffer), make(chan uint64, buffer)
	hits := make(chan uint64, 1)
	go func() {
		var h uint64
		for i := range there {
			h++
			back <- i
		}
		hits <- h
	}()
	var took float64
	sum := make(chan uint64, 1)
	go func() {
		var s uint64
		begin := time.Now()
		for i := uint64(1); i <= n; i++ {
			there <- i
			s += <-back
		}
		took = each(begin, n)
		close(there)
		sum <- s
	}()
	expect("sum", <-sum, sumTo(n))
	expect("hits", <-hits, n)
	print("ping_pong", took, "ns")
}

func counting(n uint64) {
	add := make(chan uint64, buffer)
	total := make(chan chan [2]uint64)
	go func() {
		var messages, sum uint64
		for i := range add {
			messages++
			sum += i
		}
		(<-total) <- [2]uint64{messages, sum}
	}()
	done := make(chan float64)
	go func() {
		begin := time.Now()
		for i := uint64(1); i <= n; i++ {
			add <- i
		}
		close(add)
		answer := make(chan [2]uint64)
		total <- answer
		a := <-answer
		took := each(begin, n)
		expect("messages", a[0], n)
		expect("sum", a[1], sumTo(n))
		done <- took
	}()
	print("counting", <-done, "ns")
}

func ring(name string, size int, n uint64) {
	nodes := make([]chan uint64, size)
	for i := range nodes {
		nodes[i] = make(chan uint64, buffer)
	}
	visits := make([]uint64, size)
	done := make(chan bool)
	for i := range nodes {
		go func(i int, in, next chan uint64) {
			for left := range in {
				visits[i]++
				if left == 0 {
					done <- true
				} else {
					next <- left - 1
				}
			}
		}(i, nodes[i], nodes[(i+1)%size])
	}
	begin := time.Now()
	nodes[0] <- n - 1
	<-done
	took := each(begin, n)
	var hops uint64
	for _, v := range visits {
		hops += v
	}
	expect("hops", hops, n)
	print(name, took, "ns")
}

func forkJoin(n uint64) {
	const size = 60
	count := n / size
	workers := make([]chan uint64, size)
	joined := make(chan [2]uint64, buffer)
	for i := range workers {
		workers[i] = make(chan uint64, buffer)
		go func(in chan uint64) {
			var messages, sum uint64
			for messages != count {
				sum += <-in
				messages++
			}
			joined <- [2]uint64{messages, sum}
		}(workers[i])
	}
	done := make(chan float64)
	go func() {
		begin := time.Now()
		for i := uint64(1); i <= count; i++ {
			for _, w := range workers {
				w <- i
			}
		}
		var messages, sum uint64
		for range workers {
			j := <-joined
			messages += j[0]
			sum += j[1]
		}
		took := each(begin, count*size)
		expect("messages", messages, count*size)
		expect("sum", sum, sumTo(count)*size)
		done <- took
	}()
	print("fork_join", <-done, "ns")
}

func collect(n uint64, done chan uint64) chan uint64 {
	in := make(chan uint64, buffer)
	go func() {
		var sum uint64
		for i := uint64(0); i != n; i++ {
			sum += <-in
		}
		done <- sum
	}()
	return in
}
func create(n uint64) {
	done := make(chan uint64)
	to := collect(n, done)
	begin := time.Now()
	go func() {
		for i := uint64(1); i <= n; i++ {
			in := make(chan uint64, 1)
			go func() { to <- <-in }()
			in <- i
		}
	}()
	sum := <-done
	took := each(begin, n)
	expect("sum", sum, sumTo(n))
	print("create", took, "ns")
}

func resident() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	var all, used uint64
	if err == nil {
		_, err = fmt.Sscan(string(text), &all, &used)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return used * uint64(os.Getpagesize())
}
func idleProcess(n uint64) {
	done := make(chan uint64)
	to := collect(n, done)
	before := resident()
	for i := uint64(1); i <= n; i++ {
		in := make(chan uint64, 1)
		go func() {
			for number := range in {
				to <- number
			}
		}()
		in <- i
	}
	sum := <-done
	after := resident()
	expect("sum", sum, sumTo(n))
	print("idle_process", float64(after-before)/float64(n), "bytes")
}

// A mailbox of 128: with 64 processes that answer each other, a smaller one may hold up all of them.
func big(n uint64) {
	const size = 64
	type message struct{ from int } // a pong comes from nobody: -1
	count := n / size
	boxes := make([]chan message, size)
	for i := range boxes {
		boxes[i] = make(chan message, 2*size)
	}
	var pings uint64
	var ready sync.WaitGroup
	ready.Add(size)
	begin := time.Now()
	for me := range boxes {
		go func(me int) {
			var sent, answered, heard uint64
			round := func() {
				for other := 1; other != size && sent != count; other++ {
					boxes[(me+other)%size] <- message{me}
					sent++
				}
			}
			round()
			for m := range boxes[me] {
				if m.from >= 0 {
					heard++
					boxes[m.from] <- message{-1}
					continue
				}
				answered++
				if answered != sent {
					continue
				}
				if sent != count {
					round()
				} else {
					ready.Done()
				}
			}
			atomic.AddUint64(&pings, heard)
			ready.Done()
		}(me)
	}
	ready.Wait()
	took := each(begin, 2*count*size)
	ready.Add(size)
	for _, b := range boxes {
		close(b)
	}
	ready.Wait()
	expect("pings", pings, count*size)
	print("big", took, "ns")
}

func call(n uint64) {
	type request struct {
		number uint64
		reply  chan uint64
	}
	server := make(chan request, buffer)
	go func() {
		for r := range server {
			r.reply <- r.number + 1
		}
	}()
	done := make(chan float64)
	go func() {
		reply := make(chan uint64, 1)
		var sum uint64
		begin := time.Now()
		for i := uint64(0); i != n; i++ {
			server <- request{i, reply}
			sum += <-reply
		}
		took := each(begin, n)
		expect("sum", sum, sumTo(n))
		done <- took
	}()
	print("call", <-done, "ns")
}

// The last of a group crashes; all of it end, and are started again in order.
func restart(name string, size int, n uint64) {
	type command struct {
		crash bool
		reply chan uint64
	}
	var thrown time.Time
	var reports uint64
	boxes := make([]chan command, size)
	ended := make(chan bool, size)
	crashed := make(chan bool, 1)
	up := make(chan bool, size)
	start := func(i int, incarnation uint64) {
		boxes[i] = make(chan command, buffer)
		go func(in chan command) {
			defer func() {
				if recover() != nil {
					reports++
					crashed <- true
				}
				ended <- true
			}()
			up <- true
			for c := range in {
				if c.crash {
					thrown = time.Now()
					panic("as asked")
				}
				c.reply <- incarnation
			}
		}(boxes[i])
		<-up
	}
	last := size - 1
	restarted := make(chan bool)
	finished := make(chan bool)
	go func() {
		for i := range boxes {
			start(i, 1)
		}
		restarted <- true
		for incarnation := uint64(2); ; incarnation++ {
			select {
			case <-crashed:
			case <-finished:
				return
			}
			<-ended
			for i := last - 1; i >= 0; i-- {
				close(boxes[i])
				<-ended
			}
			for i := range boxes {
				start(i, incarnation)
			}
			restarted <- true
		}
	}()
	<-restarted
	var took time.Duration
	reply := make(chan uint64, 1)
	for i := uint64(1); i <= n; i++ {
		boxes[last] <- command{true, nil}
		<-restarted
		boxes[last] <- command{false, reply}
		incarnation := <-reply
		took += time.Since(thrown)
		expect("incarnation", incarnation, i+1)
	}
	finished <- true
	expect("reports", reports, n)
	print(name, float64(took.Nanoseconds())/1e3/float64(n), "us")
}

func timers(n uint64) {
	rings := make(chan bool, n)
	all := make([]*time.Timer, n)
	begin := time.Now()
	for i := range all {
		delay := time.Duration(1+i*7919%1000) * time.Millisecond
		all[i] = time.AfterFunc(delay, func() { rings <- true })
	}
	start := each(begin, n)
	begin = time.Now()
	var cancelled uint64
	for i := 0; i < len(all); i += 2 {
		if all[i].Stop() {
			cancelled++
		}
	}
	cancel := each(begin, (n+1)/2)
	for i := cancelled; i != n; i++ {
		<-rings
	}
	expect("timers left", uint64(len(rings)), 0)
	print("timer_start", start, "ns")
	print("timer_cancel", cancel, "ns")
}

// The next one is told once the one before has ended.
func orderedStop(n uint64) {
	boxes := make([]chan bool, n)
	ended := make(chan int)
	for i := range boxes {
		boxes[i] = make(chan bool, 1)
		go func(i int) {
			<-boxes[i]
			ended <- i
		}(i)
	}
	time.Sleep(10 * time.Millisecond)
	begin := time.Now()
	for i := int(n) - 1; i >= 0; i-- {
		boxes[i] <- true
		expect("who ended", uint64(<-ended), uint64(i))
	}
	print("ordered_stop", float64(time.Since(begin).Nanoseconds())/1e3, "us")
}

func processorTime() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e3
}
func idleCPU(seconds uint64) {
	for i := 0; i != 1000; i++ {
		go func() { <-make(chan bool) }()
	}
	var ticks uint64
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			atomic.AddUint64(&ticks, 1)
		}
	}()
	before := processorTime()
	time.Sleep(time.Duration(seconds) * time.Second)
	used := processorTime() - before
	if t := atomic.LoadUint64(&ticks); t+2 < 10*seconds || t > 10*seconds+1 {
		expect("ticks", t, 10*seconds)
	}
	print("idle_cpu", used/float64(seconds), "us/s")
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bench ROW COUNT")
		os.Exit(2)
	}
	n, err := strconv.ParseUint(os.Args[2], 10, 64)
	rows := map[string]func(uint64){
		"ping_pong": pingPong, "counting": counting, "fork_join": forkJoin, "create": create,
		"idle_process": idleProcess, "big": big, "call": call, "timers": timers,
		"ordered_stop": orderedStop, "idle_cpu": idleCPU,
		"ring_100":    func(n uint64) { ring("ring_100", 100, n) },
		"ring_503":    func(n uint64) { ring("ring_503", 503, n) },
		"restart_one": func(n uint64) { restart("restart_one", 1, n) },
		"restart_all": func(n uint64) { restart("restart_all", 10, n) },
	}
	run, found := rows[os.Args[1]]
	if err != nil || !found {
		fmt.Fprintln(os.Stderr, "no such row, or no count")
		os.Exit(2)
	}
	run(n)
}
