-- Retention (design 11): what went after its term, and how far that came. Written by `instroomctl retention`, as the owner, in
-- transactions that hold the row of the partition's cursor, so that no writer decides anything meanwhile.

-- Who had what removed, and why; never of whom. Its sums rise in the transactions that remove.
create table register.removal (
  id     bigint      generated always as identity primary key,
  at     timestamptz not null default now(),
  who    text        not null,
  reason text        not null,
  what   text        not null,           -- lapsed, history, feedback, contact, audit; person: one was erased
  until  int         not null,           -- JJJJMMDD: of this day or earlier
  rows   bigint      not null default 0
);
create index removal_at on register.removal (at);

-- Below this position rows of one kind may be gone. log: generation << 12 | partition, as in a position above its offset.
create table register.retained (
  what  text   not null check (what in ('history', 'feedback', 'contact')),
  log   bigint not null,
  below bigint not null,
  primary key (what, log)
);

-- Teachers who were removed: at this position of the log they have no state any more, as if a message there said so.
create table register.removed_teacher (
  board    int    not null,
  key      uuid   not null,              -- of the HMAC key of then
  position bigint not null,
  removal  bigint not null references register.removal,
  primary key (board, key, position)
);

grant select on register.removal, register.retained, register.removed_teacher to instroom_reader, instroom_writer;

create function register.is_retained(kind text, place bigint) returns boolean
language sql stable as $$
  select not exists (select from register.retained r
    where r.what = kind and r.log = place >> 40 and place < r.below)
$$;

-- The day N months ago in the Netherlands, JJJJMMDD.
create function register.retention_day(months int) returns int
language sql stable as $$
  select to_char((now() at time zone 'Europe/Amsterdam')::date - make_interval(months => months), 'YYYYMMDD')::int
$$;

-- Below which position of each log all deliveries are of this day or earlier; what waits for a confirmation stands above.
create function register.retention_ends(until int) returns table (log bigint, below bigint)
language sql stable as $$
  select e.at >> 40, coalesce((select min(d.position) from register.delivery d
    where d.position >= e.at >> 40 << 40 and d.position < e.at and (d.received_on > until or d.state = 2)), e.at)
  from unnest(register.statement_ends()) as e(at)
$$;

-- Of this day or earlier. Who asked for a set-back or a confirmation, and why, is shown with it as long as that is there.
create function register.is_audit_due(a register.access, until int) returns boolean
language sql stable as $$
  select a.request_id is null and a.at < (to_date(until::text, 'YYYYMMDD') + 1)::timestamp at time zone 'Europe/Amsterdam'
$$;

-- What of each kind is due.
create function register.retention_due(months int[]) returns table (what text, until int, rows bigint, boards bigint)
language sql stable as $$
  with term as (
    select t.what, t.months, register.retention_day(t.months) as until
    from unnest(array['lapsed', 'history', 'feedback', 'contact', 'audit'], months) as t(what, months)
  ), ends as (
    select t.what, e.* from term t cross join lateral register.retention_ends(t.until) e where t.months > 0
  ), due as (
    select t.what, x.board from term t join register.teacher x on t.what = 'lapsed' and x.status = 3 and x.lapsed_on <= t.until
      where t.months > 0
    union all
    select e.what, h.board from ends e join register.teacher_history h
      on e.what = 'history' and h.until >> 40 = e.log and h.until < e.below
    union all
    select 'feedback', f.board from register.feedback f
      where exists (select from term where term.what = 'feedback' and term.months > 0)
      and not exists (select from register.delivery d left join ends e on e.what = 'feedback' and e.log = d.position >> 40
        where d.board = f.board and d.feedback = f.digest and d.position >= coalesce(e.below, 0))
    union all
    select e.what, c.board from ends e join register.contact c on e.what = 'contact' and c.since >> 40 = e.log
      where exists (select from register.contact n where n.board = c.board and n.since > c.since and n.since < e.below)
    union all
    select t.what, null from term t join register.access a
      on t.what = 'audit' and t.months > 0 and register.is_audit_due(a, t.until)
  )
  select t.what, t.until, count(d.what), count(distinct d.board)
  from term t left join due d on d.what = t.what where t.months > 0 group by t.what, t.until
$$;

-- The teachers of these boards who are named have no state any more, from this position on. The list of the unchanged goes into
-- the rows first: its members would count for who comes back.
create function register.remove_teachers(boards int[], keys uuid[], at bigint, removal bigint) returns bigint
language plpgsql as $$
declare
  gone bigint;
begin
  update register.teacher t set sequence = greatest(t.sequence, b.pending_sequence)
    from register.board b join register.key_list l on l.board = b.board and l.digest = b.pending_key_list
    cross join lateral register.pending_keys(l.keys, b.pending_members) k
    where b.board = any(boards) and t.board = b.board and t.key = k and t.sequence < b.pending_sequence;
  update register.board set pending_sequence = 0, pending_key_list = null, pending_members = null
    where board = any(boards) and pending_key_list is not null;
  delete from register.teacher_history h using unnest(boards, keys) as g(board, key)
    where h.board = g.board and h.key = g.key;
  delete from register.disowned d using unnest(boards, keys) as g(board, key) where d.board = g.board and d.key = g.key;
  with went as (
    delete from register.teacher t using unnest(boards, keys) as g(board, key)
      where t.board = g.board and t.key = g.key returning t.board, t.key, t.status
  ), noted as (
    insert into register.removed_teacher (board, key, position, removal)
      select distinct g.board, g.key, at, remove_teachers.removal from unnest(boards, keys) as g(board, key)
  ), counted as (
    update register.board b set teachers = b.teachers - w.teachers, active = b.active - w.active
      from (select went.board, count(*) as teachers, count(*) filter (where status = 1) as active from went
            group by went.board) w where b.board = w.board
  )
  select count(*) into gone from went;
  update register.board b set disowned = (select count(*) from register.disowned d where d.board = b.board)
    where b.board = any(boards) and b.disowned > 0;
  return gone;
end $$;

-- One batch: these boards, whose messages come by the log that begins at this position, and as many lapsed teachers of theirs.
-- Holds the cursor's row to the end of the transaction; what an older log told of them goes too. removals: ids of the rows of
-- removal, 0 for a kind that has no term. Gives rows by kind.
create function register.retention_batch(log_begin bigint, of_boards int[], most int, removals bigint[],
                                         out lapsed bigint, out history bigint, out feedback bigint, out contact bigint)
language plpgsql as $$
declare
  at bigint;
  due_boards int[];
  due_keys uuid[];
begin
  select log_begin | c.next_raw into at from register.cursor c
    where (substring(c.topic from '[0-9]+$')::bigint << 12 | c.partition) = log_begin >> 40 for update;
  if at is null then
    raise exception 'the register has no cursor for partition %: has a writer begun?', log_begin >> 40 & 4095;
  end if;
  select coalesce(array_agg(d.board), '{}'), coalesce(array_agg(d.key), '{}') into due_boards, due_keys from (
    select t.board, t.key from register.teacher t join register.removal r on r.id = removals[1]
    where t.board = any(of_boards) and t.status = 3 and t.lapsed_on <= r.until limit most) d;
  lapsed := case when cardinality(due_boards) = 0 then 0
                 else register.remove_teachers(due_boards, due_keys, at, removals[1]) end;
  delete from register.teacher_history h using register.retained r
    where removals[2] > 0 and h.board = any(of_boards)
    and r.what = 'history' and r.log = h.until >> 40 and h.until < r.below;
  get diagnostics history = row_count;
  delete from register.feedback f
    where removals[3] > 0 and f.board = any(of_boards)
    and not exists (select from register.delivery d
      left join register.retained x on x.what = 'feedback' and x.log = d.position >> 40
      where d.board = f.board and d.feedback = f.digest and d.position >= coalesce(x.below, 0));
  get diagnostics feedback = row_count;
  delete from register.contact c using register.retained r
    where removals[4] > 0 and c.board = any(of_boards) and r.what = 'contact' and r.log = c.since >> 40
    and exists (select from register.contact n where n.board = c.board and n.since > c.since and n.since < r.below);
  get diagnostics contact = row_count;
  update register.removal r set rows = r.rows + x.n
    from unnest(removals[1:4], array[lapsed, history, feedback, contact]) as x(id, n) where r.id = x.id and x.n > 0;
end $$;

grant execute on function register.is_retained(text, bigint), register.retention_day(int), register.retention_ends(int),
  register.is_audit_due(register.access, int), register.retention_due(int[]) to instroom_reader, instroom_writer;
