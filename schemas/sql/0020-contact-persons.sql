-- Contact persons of a board, each with a task (specification 8.8): all of them are set at once, by whom the board lets manage
-- or by an operator. They stand beside what the header of a delivery says (register.contact), and no log holds them. Rows of
-- before are kept until retention takes them.

create table register.contact_list (
  board  int         not null check (board between 0 and 99999),
  number int         not null,               -- 1, 2 ..: each time they were set
  set_at timestamptz not null default clock_timestamp(),
  sender text        not null,               -- which credential, or operator:NAME
  party  text,                               -- KVK:.., RSIN:.. or OIN:..; null: no party is known
  basis  text        not null,               -- eigen, machtiging, keten or beheer
  primary key (board, number)
);

create table register.contact_person (
  board  int  not null,
  number int  not null,
  place  int  not null,                      -- their order is the board's own
  task   text not null check (task in ('leveringen', 'inhoud', 'techniek')),
  name   text not null check (length(name) between 1 and 50),
  phone  text not null check (length(phone) <= 20),
  email  text not null check (length(email) <= 75),
  primary key (board, number, place),
  foreign key (board, number) references register.contact_list on delete cascade
);

grant select on register.contact_list, register.contact_person to instroom_reader;

create function register.contact_list_json(of_board int, of_number int) returns json language sql stable as $$
  select coalesce(json_agg(json_build_object('taak', p.task, 'naam', p.name, 'telefoon', nullif(p.phone, ''),
                                             'email', nullif(p.email, '')) order by p.place), '[]'::json)
  from register.contact_person p where p.board = of_board and p.number = of_number
$$;

-- What holds now, and whom the newest delivery with a contact person named.
create function register.contact_persons_json(of_board int) returns text language sql stable as $$
  select json_build_object('bestuur', lpad(of_board::text, 5, '0'),
    'personen', register.contact_list_json(of_board, l.number),
    'gezet_op', to_char(l.set_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'uit_levering', (select json_build_object('leveringsid', d.delivery_id, 'naam', nullif(c.name, ''),
                                              'telefoon', nullif(c.phone, ''), 'email', nullif(c.email, ''))
      from register.contact c left join register.delivery d on d.position = c.since
      where c.board = of_board order by c.since desc limit 1))::text
  from (select) x left join lateral (select * from register.contact_list where board = of_board
                                     order by number desc limit 1) l on true
$$;

-- All that are kept, newest first. Who set them is shown to the board itself and to who did it.
create function register.contact_history_json(of_board int, sees_all boolean, by_party text, by_sender text) returns text
language sql stable as $$
  select json_build_object('bestuur', lpad(of_board::text, 5, '0'), 'lijsten', coalesce(json_agg(json_build_object(
    'vanaf', to_char(l.set_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'tot', to_char(l.next_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'afzender', case when sees_all or l.party = by_party or l.sender = by_sender then l.sender end, 'basis', l.basis,
    'personen', register.contact_list_json(of_board, l.number)) order by l.number desc), '[]'::json))::text
  from (select *, lead(set_at) over (order by number) as next_at from register.contact_list where board = of_board
        order by number desc limit 100) l
$$;

-- persons: [{"taak", "naam", "telefoon", "email"}], all texts. false: they were so already, and nothing is changed. The caller
-- holds the board's lock (common/render/contact_persons.c).
create function register.set_contact_persons(of_board int, persons jsonb, by_sender text, by_party text, on_basis text)
returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  last int;
  before jsonb;
begin
  select max(number) into last from register.contact_list where board = of_board;
  select coalesce(jsonb_agg(jsonb_build_object('taak', task, 'naam', name, 'telefoon', phone, 'email', email) order by place),
                  '[]') into before from register.contact_person where board = of_board and number = last;
  if before = persons then
    return false;
  end if;
  insert into register.contact_list (board, number, sender, party, basis)
    values (of_board, coalesce(last, 0) + 1, by_sender, by_party, on_basis);
  insert into register.contact_person (board, number, place, task, name, phone, email)
    select of_board, coalesce(last, 0) + 1, place, p ->> 'taak', p ->> 'naam', p ->> 'telefoon', p ->> 'email'
    from jsonb_array_elements(persons) with ordinality as x(p, place);
  return true;
end $$;
revoke all on function register.set_contact_persons(int, jsonb, text, text, text) from public;
grant execute on function register.set_contact_persons(int, jsonb, text, text, text) to instroom_reader;

-- Lists after which another came, on this day or earlier.
create view register.superseded_contact as
  select * from (select board, number, lead(set_at) over (partition by board order by number) as until
                 from register.contact_list) l where until is not null;

create function register.is_contact_due(superseded timestamptz, last_day int) returns boolean language sql stable as $$
  select superseded < (to_date(last_day::text, 'YYYYMMDD') + 1)::timestamp at time zone 'Europe/Amsterdam'
$$;
grant select on register.superseded_contact to instroom_reader;

-- What of each kind is due, now with the lists that were set.
create or replace function register.retention_due(months int[]) returns table (what text, until int, rows bigint, boards bigint)
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
    select t.what, c.board from term t join register.superseded_contact c
      on t.what = 'contact' and t.months > 0 and register.is_contact_due(c.until, t.until)
    union all
    select t.what, null from term t join register.access a
      on t.what = 'audit' and t.months > 0 and register.is_audit_due(a, t.until)
  )
  select t.what, t.until, count(d.what), count(distinct d.board)
  from term t left join due d on d.what = t.what where t.months > 0 group by t.what, t.until
$$;
