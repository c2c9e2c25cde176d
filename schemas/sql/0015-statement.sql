-- The daily statement: what the ledger took in since the one before, by board, in a chain of hashes. Made and checked by
-- `instroomctl statement`. It speaks of log positions, not of times of the database: the same log gives the same statements.

create table register.statement (
  day      date        primary key,      -- in the Netherlands, when it was made
  made_at  timestamptz not null default now(),
  who      text        not null,
  ends     bigint[]    not null,         -- one per partition: positions below belong to this statement or an earlier one
  previous bytea,                        -- hash of the one before; null: it is the first
  hash     bytea       not null          -- of previous, day, ends and all rows in statement_board
);

create table register.statement_board (
  day           date     not null references register.statement deferrable initially deferred,
  board         int      not null,
  deliveries    bigint   not null,
  lines         bigint   not null,
  outcomes      bigint[] not null,       -- of those lines, as they stood then; in the order of delivery's columns
  confirmations bigint   not null,
  replays       bigint   not null,
  teachers      bigint   not null,       -- in the register then, and of them ACTIEF
  active        bigint   not null,
  digest        bytea    not null,       -- of the rows that were counted
  primary key (day, board)
);

-- Where the writers stand, as positions of deliveries.
create function register.statement_ends() returns bigint[]
language sql stable as $$
  select coalesce(array_agg(at order by at), '{}') from (
    select (substring(topic from '[0-9]+$')::bigint << 52) | (partition::bigint << 40) | next_raw as at
    from register.cursor) c
$$;

-- What the ledger has between two such places. Outcomes as they stood at ends: before the first replay behind it. Only what no
-- later message changes goes into the digest.
create function register.statement_rows(begins bigint[], ends bigint[])
returns table (board int, deliveries bigint, lines bigint, outcomes bigint[], confirmations bigint, replays bigint, digest bytea)
language sql stable as $$
  with span as materialized (
    select coalesce(b.at, e.at >> 40 << 40) as low, e.at as high
    from unnest(ends) as e(at) left join unnest(begins) as b(at) on b.at >> 40 = e.at >> 40
  ), delivered as materialized (
    select d.board, d.position, d.lines,
           coalesce(c.before, array[d.nieuw, d.gewijzigd, d.ongewijzigd, d.verouderd, d.afgekeurd, d.ingetrokken,
                                    d.quarantaine]) as counts,
           concat_ws('|', d.delivery_id, encode(d.fingerprint, 'hex'), d.kind, d.dry_run, d.sequence, d.extraction_date,
                     d.received_on, encode(d.reference_version, 'hex'), d.lines) as text
    from span join register.delivery d on d.position >= span.low and d.position < span.high
    left join lateral (select r.before from register.replay_change r
                       where r.position = d.position and r.replay_position >= span.high
                       order by r.replay_position limit 1) c on true
  ), entries as (
    select d.board, 1 as kind, d.position, d.lines, d.counts, d.text || '|' || array_to_string(d.counts, ',') as text
    from delivered d
    union all
    select c.board, 2, c.position, 0, null, concat_ws('|', c.request_id, c.delivery_id, c.executed, c.lapsed)
    from span join register.confirmation c on c.position >= span.low and c.position < span.high
    union all
    select d.board, 3, r.replay_position, 0, null,
           concat_ws('|', r.position, r.attempt, r.job, encode(r.reference_version, 'hex'), r.lines,
                     array_to_string(r.before, ','), array_to_string(r.after, ','))
    from span join register.replay_change r on r.replay_position >= span.low and r.replay_position < span.high
    join register.delivery d on d.position = r.position
  )
  select e.board, count(*) filter (where e.kind = 1), coalesce(sum(e.lines), 0)::bigint,
         array[coalesce(sum(e.counts[1]), 0), coalesce(sum(e.counts[2]), 0), coalesce(sum(e.counts[3]), 0),
               coalesce(sum(e.counts[4]), 0), coalesce(sum(e.counts[5]), 0), coalesce(sum(e.counts[6]), 0),
               coalesce(sum(e.counts[7]), 0)]::bigint[],
         count(*) filter (where e.kind = 2), count(*) filter (where e.kind = 3),
         sha256(convert_to(string_agg(concat_ws('|', e.kind, e.position, e.text), E'\n' order by e.position, e.kind), 'UTF8'))
  from entries e group by e.board
$$;

-- Of a statement as it is stored.
create function register.statement_hash(previous bytea, day date, ends bigint[]) returns bytea
language sql stable as $$
  select sha256(coalesce(previous, '') || convert_to(concat_ws(E'\n', to_char(day, 'YYYY-MM-DD'), array_to_string(ends, ','),
    (select string_agg(concat_ws('|', b.board, b.deliveries, b.lines, array_to_string(b.outcomes, ','), b.confirmations,
                                 b.replays, b.teachers, b.active, encode(b.digest, 'hex')), E'\n' order by b.board)
     from register.statement_board b where b.day = statement_hash.day)), 'UTF8'))
$$;

-- Makes the statement of a day, in one snapshot, and says whether it did: a day has one. A board without a delivery since the
-- last one is in it with its teachers.
create function register.statement_make(today date, maker text) returns boolean
language plpgsql as $$
declare
  last register.statement;
  now_at bigint[] := register.statement_ends();
begin
  select * into last from register.statement order by day desc limit 1;
  if last.day >= today then return false; end if;
  insert into register.statement_board
    select today, coalesce(r.board, b.board), coalesce(r.deliveries, 0), coalesce(r.lines, 0),
           coalesce(r.outcomes, '{0,0,0,0,0,0,0}'), coalesce(r.confirmations, 0), coalesce(r.replays, 0),
           coalesce(b.teachers, 0), coalesce(b.active, 0), coalesce(r.digest, sha256(''))
    from register.statement_rows(coalesce(last.ends, '{}'), now_at) r full join register.board b on b.board = r.board;
  insert into register.statement (day, who, ends, previous, hash)
    values (today, maker, now_at, last.hash, register.statement_hash(last.hash, today, now_at));
  return true;
end $$;

-- What no longer is as a statement says. board null: of the statement as a whole.
create function register.statement_faults() returns table (day date, board int, what text)
language sql stable as $$
  with chain as materialized (
    select s.*, lag(s.hash) over w as hash_before, lag(s.ends) over w as ends_before
    from register.statement s window w as (order by s.day)
  )
  select c.day, null::int, 'does not follow the statement before it' from chain c
  where c.previous is distinct from c.hash_before
  union all
  select c.day, null, 'is not what its hash says' from chain c
  where c.hash <> register.statement_hash(c.previous, c.day, c.ends)
  union all
  select b.day, b.board, 'is of no statement' from register.statement_board b
  where not exists (select from register.statement s where s.day = b.day)
  union all
  select f.day, f.board, f.what from chain c cross join lateral (
    select c.day as day, coalesce(b.board, r.board) as board,
           case when b.deliveries is distinct from coalesce(r.deliveries, 0) then 'deliveries are missing or too many'
                when b.lines is distinct from coalesce(r.lines, 0) then 'the number of lines differs'
                when b.outcomes is distinct from coalesce(r.outcomes, '{0,0,0,0,0,0,0}') then 'outcomes differ'
                when b.confirmations is distinct from coalesce(r.confirmations, 0) then 'confirmations differ'
                when b.replays is distinct from coalesce(r.replays, 0) then 'replays differ'
                when b.digest is distinct from coalesce(r.digest, sha256('')) then 'a row of the ledger differs' end as what
    from (select * from register.statement_board s where s.day = c.day) b
    full join register.statement_rows(coalesce(c.ends_before, '{}'), c.ends) r on r.board = b.board) f
  where f.what is not null
$$;

-- Whoever looks may add one; nobody changes one.
grant select, insert on register.statement, register.statement_board to instroom_reader;
grant select on register.statement, register.statement_board to instroom_writer;
grant execute on function register.statement_ends(), register.statement_rows(bigint[], bigint[]),
  register.statement_hash(bytea, date, bigint[]), register.statement_make(date, text), register.statement_faults()
  to instroom_reader;
