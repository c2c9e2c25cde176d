-- The gateway asks by functions that take the board, as instroom_gateway: it may read and write no table (design 9). Who holds
-- its password asks what boards may ask, one board at a time, and no teacher without a row of the audit that stays.
--
-- instroom_reader keeps its tables, for instroomctl and for gateways of the release before.

-- A reading of teachers: which, and in what transaction its row was made.
alter table register.access add column reading uuid, add column made_in xid8;
create unique index access_reading on register.access (reading) where reading is not null;

-- Leaves the row. Teachers are given to who names it in a later transaction: so it stands, whatever becomes of the reading.
create function register.begin_reading(of_board int, what text, sender text, party text, basis text, version bigint, trace_id text)
returns uuid language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  id uuid := gen_random_uuid();
begin
  if what !~ '^gateway: .{1,60}$' or of_board is null then
    raise exception 'no reading of a gateway' using errcode = 'invalid_parameter_value';
  end if;
  insert into register.access (who, what, board, sender, party, basis, version, trace_id, reading, made_in)
    values (session_user, what, of_board, sender, party, basis, version, trace_id, id, pg_current_xact_id());
  return id;
end $$;

-- The board of a reading that this login began, lately and in an earlier transaction.
create function register.board_of_reading(id uuid) returns int language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  found int;
begin
  select a.board into found from register.access a
    where a.reading = id and a.login = session_user and a.at > now() - interval '10 minutes'
    and a.made_in is distinct from pg_current_xact_id_if_assigned();
  if found is null then
    raise exception 'teachers are shown to who left a row of the audit' using errcode = 'insufficient_privilege';
  end if;
  return found;
end $$;
revoke all on function register.board_of_reading(uuid) from public;

-- What the register holds of the board (specification 8.4); common/render/stand.c has the same for who may read the tables.
create function register.read_stand(reading uuid)
returns table (board int, bsn int, status smallint, sequence bigint, lapsed_on int, content text, targets text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  of_board int := register.board_of_reading(reading);
begin
  return query
    select t.board, t.bsn, t.status, greatest(t.sequence, coalesce(p.sequence, 0)), t.lapsed_on, t.content, t.targets
    from register.teacher t left join (
      select b.pending_sequence as sequence, k as key from register.board b
      join register.key_list l on l.board = b.board and l.digest = b.pending_key_list
      cross join lateral register.pending_keys(l.keys, b.pending_members) k where b.board = of_board
    ) p on p.key = t.key
    where t.board = of_board;
end $$;

-- Who would lapse if the delivery at this position were confirmed (specification 8.6).
create function register.read_absent(reading uuid, delivery bigint)
returns table (board int, bsn int, status smallint, sequence bigint, lapsed_on int, content text, targets text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  of_board int := register.board_of_reading(reading);
begin
  return query
    with d as (
      select d.board, d.sequence, l.keys from register.delivery d
      join register.key_list l on l.board = d.board and l.digest = coalesce(d.waiting_key_list, d.key_list)
      where d.board = of_board and d.position = delivery and d.state = 2
    ), named as (
      select encode(substring(d.keys from 16 * i + 1 for 16), 'hex')::uuid as key
      from d cross join lateral generate_series(0, length(d.keys) / 16 - 1) i
    ), pending as (
      select b.pending_sequence as sequence, k as key from register.board b
      join register.key_list l on l.board = b.board and l.digest = b.pending_key_list
      cross join lateral register.pending_keys(l.keys, b.pending_members) k where b.board = of_board
    )
    select t.board, t.bsn, t.status, greatest(t.sequence, coalesce(p.sequence, 0)), t.lapsed_on, t.content, t.targets
    from d join register.teacher t on t.board = d.board left join pending p on p.key = t.key
    where t.status = 1 and greatest(t.sequence, coalesce(p.sequence, 0)) < d.sequence
    and not exists (select from named n where n.key = t.key);
end $$;

-- Of the ledger. Each takes the board: a delivery of another is one that is not there.
create function register.ask_named(boards int[], ids text[])
returns table (nr int, "position" bigint, fingerprint bytea, state smallint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select (q.nr - 1)::int, d.position, d.fingerprint, d.state
    from unnest(boards, ids) with ordinality as q(board, id, nr)
    join register.delivery d on d.board = q.board and d.delivery_id = q.id order by d.position;
end $$;

create function register.ask_summary(of_board int, place bigint)
returns table (delivery_id text, board int, kind smallint, dry_run boolean, sequence bigint, extraction_date int,
  state smallint, lines int, nieuw int, gewijzigd int, ongewijzigd int, verouderd int, afgekeurd int, ingetrokken int,
  quarantaine int, absent int, active int, lapsed int, notices smallint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select d.delivery_id, d.board, d.kind, d.dry_run, d.sequence, d.extraction_date, d.state, d.lines, d.nieuw, d.gewijzigd,
           d.ongewijzigd, d.verouderd, d.afgekeurd, d.ingetrokken, d.quarantaine, d.absent, d.active, d.lapsed, d.notices
    from register.delivery d where d.board = of_board and d.position = place;
end $$;

create function register.ask_codes(of_board int, place bigint) returns table (rule smallint, lines int)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select f.rule, f.lines from register.finding f join register.delivery d on d.position = f.position
    where d.board = of_board and f.position = place;
end $$;

-- body null with has_body: it was removed when its term was over.
create function register.ask_lines(of_board int, place bigint)
returns table (lines int, sequence bigint, outcomes bytea, body bytea, has_body boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select d.lines, d.sequence, d.outcomes, f.body, d.feedback is not null from register.delivery d
    left join register.feedback f on f.board = d.board and f.digest = d.feedback
    where d.board = of_board and d.position = place;
end $$;

create function register.ask_applied(of_topic text, of_partition int, place bigint) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return coalesce((select c.next_raw > place from register.cursor c
                   where c.topic = of_topic and c.partition = of_partition), false);
end $$;

create function register.ask_confirmation(of_board int, request uuid)
returns table (executed boolean, lapsed int, has_other_absent boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select c.executed, c.lapsed, c.has_other_absent from register.confirmation c
    where c.request_id = request and c.board = of_board;
end $$;

-- A page of the board's deliveries, the newest first, each as JSON in the words of the summary (common/render/summary.c).
create function register.ask_deliveries(of_board int, before bigint, since int, of_state int, most int, sees_all boolean,
                                        as_party text, as_sender text)
returns table ("position" bigint, shown text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
    with page as (
      select d.*, c.position as confirmed_at from register.delivery d
      left join lateral (select c.position from register.confirmation c
        where c.board = d.board and c.delivery_id = d.delivery_id and c.executed and d.notices & 4 <> 0
        order by c.position limit 1) c on true
      where d.board = of_board and (before = 0 or d.position < before) and d.received_on >= since
      and (of_state = 0 or d.state = of_state) order by d.position desc limit most
    ), admitted as (
      select a.position, json_build_object('afzender', case when s.sees then a.sender end,
        'partij', case when s.sees then a.party end, 'basis', a.basis, 'traceid', case when s.sees then a.trace_id end,
        'op', to_char(a.accepted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) as shown
      from register.admission a
      cross join lateral (select sees_all or a.party = as_party or a.sender = as_sender as sees) s
      where a.position in (select p.position from page p union all select p.confirmed_at from page p)
    )
    select d.position, json_build_object('leveringsid', d.delivery_id,
        'soort', case d.kind when 1 then 'VOLLEDIG' when 2 then 'MUTATIE' else 'INTREKKING' end,
        'proef', d.dry_run, 'volgnummer', d.sequence,
        'extractiedatum', to_char(to_date(d.extraction_date::text, 'YYYYMMDD'), 'YYYY-MM-DD'),
        'ontvangen_op', to_char(to_date(d.received_on::text, 'YYYYMMDD'), 'YYYY-MM-DD'),
        'status', case d.state when 2 then 'wacht_op_bevestiging' else 'verwerkt' end, 'regels', d.lines,
        'tellingen', json_build_object('nieuw', d.nieuw, 'gewijzigd', d.gewijzigd, 'ongewijzigd', d.ongewijzigd,
          'verouderd', d.verouderd, 'afgekeurd', d.afgekeurd, 'ingetrokken', d.ingetrokken, 'quarantaine', d.quarantaine),
        'ontbrekend', d.absent, 'actief', d.active, 'vervallen', d.lapsed,
        'geleverd_door', a.shown, 'bevestigd_door', b.shown)::text
    from page d left join admitted a on a.position = d.position left join admitted b on b.position = d.confirmed_at
    order by d.position desc;
end $$;

-- A page of the board's problems (specification 8.7), the newest first; of one reference when it is named.
create function register.ask_problems(of_board int, of_reference text, before text, of_state text, sees_all boolean,
                                      as_party text, as_sender text, most int)
returns table (id bigint, reference text, shown text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select p.id, p.reference, json_build_object('referentie', p.reference, 'status', register.problem_state(p),
        'gemeld_op', to_char(p.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'leveringsid', p.delivery_id,
        'codes', p.codes, 'toelichting', p.words,
        'verzonden_op', to_char(h.sent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'afgehandeld_op', to_char(p.closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'antwoord', p.answer,
        'afzender', p.sender, 'basis', p.basis,
        'sectorraden', coalesce((select json_agg(json_build_object('sector', m.recipient,
            'status', register.problem_mail_state(m), 'toelichting', m.words,
            'gevraagd_op', to_char(m.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'verzonden_op', to_char(m.sent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
            order by m.at, m.recipient)
          from register.problem_mail m where m.problem = p.id and m.recipient <> 'helpdesk'), '[]'))::text
    from register.problem p join register.problem_mail h on h.problem = p.id and h.recipient = 'helpdesk'
    where p.board = of_board and (of_reference is null or p.reference = of_reference)
    and (before is null or p.id < (select x.id from register.problem x where x.reference = before and x.board = of_board))
    and (of_state is null or register.problem_state(p) = of_state)
    and (sees_all or p.party = as_party or p.sender = as_sender)
    order by p.id desc limit most;
end $$;

do $$
declare
  f regprocedure;
begin
  for f in select oid::regprocedure from pg_proc
           where pronamespace = 'register'::regnamespace
           and (proname ~ '^ask_' or proname in ('begin_reading', 'read_stand', 'read_absent')) loop
    execute format('revoke all on function %s from public', f);
    insert into register.role_right (role, object, privilege) values ('instroom_gateway', 'function ' || f, 'execute');
    execute format('grant execute on function %s to instroom_reader', f); -- for a gateway that has no role of its own yet
  end loop;
end $$;
-- Contact persons are the board's own (0020): by functions too.
alter function register.contact_persons_json(int) security definer set search_path = pg_catalog, pg_temp;
alter function register.contact_history_json(int, boolean, text, text) security definer set search_path = pg_catalog, pg_temp;
revoke all on function register.contact_persons_json(int), register.contact_history_json(int, boolean, text, text) from public;
grant execute on function register.contact_persons_json(int), register.contact_history_json(int, boolean, text, text)
  to instroom_reader;

insert into register.role_right (role, object, privilege) values
  ('instroom_gateway', 'function register.contact_persons_json(int)', 'execute'),
  ('instroom_gateway', 'function register.contact_history_json(int, boolean, text, text)', 'execute'),
  ('instroom_gateway', 'function register.set_contact_persons(int, jsonb, text, text, text)', 'execute'),
  ('instroom_gateway', 'function register.add_problem(int, text, text, text, text, text, text, bigint, text)', 'execute'),
  ('instroom_gateway', 'function register.add_problem_mail(int, text, text, text, text, text, text, bigint, text)', 'execute');
select register.grant_rights();
