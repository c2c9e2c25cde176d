// A register consumer as a good engineer writes it in an afternoon: franz-go, pgx, COPY into a temporary table, one
// ordered upsert per 10,000 records, offsets committed after the transaction.
//
// It is what scripts/bench holds Instroom against. It takes flat JSON records into one table with the natural primary
// key. It does no validation, no dedup before the database, no history, no ledger and no feedback; two records of one
// key in one batch would fail it. Settings come from the environment: see need().
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/goccy/go-json"
	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

const batchRecords = 10000

type record struct {
	Board          string `json:"board"`
	BSN            string `json:"bsn"`
	EmployeeRef    string `json:"personeelsnummer"`
	FamilyName     string `json:"geslachtsnaam"`
	NamePrefix     string `json:"voorvoegsel"`
	GivenNames     string `json:"voornamen"`
	Sex            string `json:"geslacht"`
	BirthDate      string `json:"geboortedatum"`
	Street         string `json:"straat"`
	HouseNumber    string `json:"huisnummer"`
	HouseSuffix    string `json:"toevoeging"`
	Postcode       string `json:"postcode"`
	City           string `json:"plaats"`
	Country        string `json:"land"`
	Foreign1       string `json:"adresregel1"`
	Foreign2       string `json:"adresregel2"`
	Foreign3       string `json:"adresregel3"`
	AppointmentKey string `json:"benoemingssleutel"`
	Brin           string `json:"brin"`
	Site           string `json:"vestiging"`
	ContractStart  string `json:"begin_arbeidsovereenkomst"`
	ContractEnd    string `json:"einde_arbeidsovereenkomst"`
	AppointedFrom  string `json:"begin_benoeming"`
	AppointedUntil string `json:"einde_benoeming"`
	Ground         string `json:"benoemingsgrondslag"`
	TeachingField  string `json:"onderwijsterrein"`
}

// In the order of the table's columns.
func (r *record) fields() [26]string {
	return [26]string{r.Board, r.BSN, r.AppointmentKey, r.EmployeeRef, r.FamilyName, r.NamePrefix, r.GivenNames,
		r.Sex, r.BirthDate, r.Street, r.HouseNumber, r.HouseSuffix, r.Postcode, r.City, r.Country,
		r.Foreign1, r.Foreign2, r.Foreign3, r.Brin, r.Site, r.ContractStart, r.ContractEnd,
		r.AppointedFrom, r.AppointedUntil, r.Ground, r.TeachingField}
}

// COPY's text form: shorter to make than the binary form is to encode.
func appendRow(out []byte, r *record) []byte {
	for i, field := range r.fields() {
		if i > 0 {
			out = append(out, '\t')
		}
		for j := 0; j < len(field); j++ {
			switch c := field[j]; c {
			case '\\', '\t':
				out = append(out, '\\', c)
			case '\n':
				out = append(out, '\\', 'n')
			case '\r':
				out = append(out, '\\', 'r')
			default:
				out = append(out, c)
			}
		}
	}
	return append(out, '\n')
}

type batch struct {
	rows    []byte
	records []*kgo.Record
}

// A writer: one goroutine decodes and fills the next batch while the other has the database busy with the last one.
type writer struct {
	conn    *pgx.Conn
	client  *kgo.Client
	upsert  string
	intake  chan []*kgo.Record
	ready   chan *batch
	spare   chan *batch
	written func(records int)
}

func (w *writer) fill(ctx context.Context) {
	current := <-w.spare
	pass := func() {
		if len(current.records) > 0 {
			w.ready <- current
			current = <-w.spare
		}
	}
	for {
		select {
		case records := <-w.intake:
			for _, message := range records {
				var r record
				if err := json.Unmarshal(message.Value, &r); err != nil {
					log.Fatalf("record: %v", err)
				}
				current.rows = appendRow(current.rows, &r)
				current.records = append(current.records, message)
				if len(current.records) == batchRecords {
					pass()
				}
			}
		case <-time.After(50 * time.Millisecond):
			pass()
		case <-ctx.Done():
			return
		}
	}
}

func (w *writer) write(ctx context.Context) {
	pg := w.conn.PgConn()
	for {
		select {
		case b := <-w.ready:
			must(pg.Exec(ctx, "begin").Close())
			_, err := pg.CopyFrom(ctx, bytes.NewReader(b.rows), "copy batch from stdin")
			must(err)
			must(pg.Exec(ctx, w.upsert+"; commit").Close())
			w.client.MarkCommitRecords(b.records...)
			w.written(len(b.records))
			b.rows, b.records = b.rows[:0], b.records[:0]
			w.spare <- b
		case <-ctx.Done():
			return
		}
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func need(name string) string {
	value := os.Getenv(name)
	if value == "" {
		log.Fatalf("%s is not set", name)
	}
	return value
}

func number(name string) int {
	value, err := strconv.Atoi(need(name))
	must(err)
	return value
}

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	writers, wanted := number("BENCH_WRITERS"), number("BENCH_RECORDS")
	client, err := kgo.NewClient(kgo.SeedBrokers(need("BENCH_BROKERS")), kgo.ConsumerGroup(need("BENCH_GROUP")),
		kgo.ConsumeTopics(need("BENCH_TOPIC")), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AutoCommitMarks(), kgo.FetchMaxBytes(16<<20), kgo.MaxBufferedRecords(40000))
	must(err)

	var lock sync.Mutex
	var begun time.Time
	done, finished := 0, make(chan time.Duration, 1)
	written := func(records int) {
		lock.Lock()
		defer lock.Unlock()
		if done += records; done == wanted {
			finished <- time.Since(begun)
		}
	}
	table := need("BENCH_TABLE")
	all := make([]*writer, writers)
	for i := range all {
		conn, err := pgx.Connect(ctx, need("BENCH_PG"))
		must(err)
		_, err = conn.Exec(ctx, "create temp table batch (like "+table+") on commit delete rows")
		must(err)
		w := &writer{conn: conn, client: client, upsert: need("BENCH_UPSERT"),
			intake: make(chan []*kgo.Record, 8), ready: make(chan *batch),
			spare: make(chan *batch, 2), written: written}
		w.spare <- &batch{}
		w.spare <- &batch{}
		go w.fill(ctx)
		go w.write(ctx)
		all[i] = w
	}
	go func() {
		for ctx.Err() == nil {
			fetches := client.PollFetches(ctx)
			for _, failed := range fetches.Errors() {
				if ctx.Err() == nil {
					log.Fatalf("fetch: %v", failed.Err)
				}
			}
			lock.Lock()
			if begun.IsZero() && !fetches.Empty() {
				begun = time.Now()
			}
			lock.Unlock()
			fetches.EachPartition(func(p kgo.FetchTopicPartition) {
				if len(p.Records) > 0 {
					all[int(p.Partition)%writers].intake <- p.Records
				}
			})
		}
	}()
	took := <-finished
	must(client.CommitMarkedOffsets(ctx))
	fmt.Printf("{\"seconds\": %.4f, \"records\": %d}\n", took.Seconds(), wanted)
}
