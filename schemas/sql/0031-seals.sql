-- Contact persons that were set stand in no log, so nothing could be derived that they are compared with: who altered one was not
-- found. Each list has a seal now, made when it is set: of its board, number, time, who set it, and each person; and the number of
-- the newest stands beside them, as one that is deleted leaves no gap behind it. And a statement is of who made it, and when: its
-- hash says so from here on (form 2).

alter table register.contact_list add column seal bytea;

create function register.contact_seal(l register.contact_list) returns bytea
language sql stable set search_path = pg_catalog, pg_temp as $$
  select sha256(convert_to(jsonb_build_array(l.board, l.number, to_char(l.set_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS'), l.sender,
    l.party, l.basis, (select coalesce(jsonb_agg(jsonb_build_array(p.place, p.task, p.name, p.phone, p.email) order by p.place), '[]')
                       from register.contact_person p where (p.board, p.number) = (l.board, l.number)))::text, 'UTF8'))
$$;
update register.contact_list l set seal = register.contact_seal(l);

create table register.contact_newest (
  board int primary key,
  number int not null -- of the list that was set last; 0: of none that verify --repair knew
);
insert into register.contact_newest select board, max(number) from register.contact_list group by board;

-- As of 0020, with the seal and the newest number: a list never gets the number of one that is gone.
create or replace function register.set_contact_persons(of_board int, persons jsonb, by_sender text, by_party text, on_basis text)
returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  last int;
  before jsonb;
  next int;
begin
  select max(number) into last from register.contact_list where board = of_board;
  select coalesce(jsonb_agg(jsonb_build_object('taak', task, 'naam', name, 'telefoon', phone, 'email', email) order by place),
                  '[]') into before from register.contact_person where board = of_board and number = last;
  if before = persons then
    return false;
  end if;
  insert into register.contact_newest as n (board, number) values (of_board, coalesce(last, 0) + 1)
    on conflict (board) do update set number = greatest(n.number + 1, excluded.number) returning number into next;
  insert into register.contact_list (board, number, sender, party, basis) values (of_board, next, by_sender, by_party, on_basis);
  insert into register.contact_person (board, number, place, task, name, phone, email)
    select of_board, next, place, p ->> 'taak', p ->> 'naam', p ->> 'telefoon', p ->> 'email'
    from jsonb_array_elements(persons) with ordinality as x(p, place);
  update register.contact_list l set seal = register.contact_seal(l) where l.board = of_board and l.number = next;
  return true;
end $$;

-- Lists that are not as they were set, and where one is missing: retention takes the oldest alone. Shows nobody. is_final: it can
-- not be taken as it is.
create function register.contact_faults() returns table (board int, number int, what text, is_final boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select l.board, l.number, 'not as they were set', false from register.contact_list l
  where l.seal is distinct from register.contact_seal(l)
  union all
  select l.board, l.number, 'the list before it is missing', true
  from (select x.*, lag(x.number) over (partition by x.board order by x.number) as before from register.contact_list x) l
  where l.before <> l.number - 1
  union all
  select coalesce(l.board, n.board), greatest(l.number, n.number),
         case when n.number > coalesce(l.number, 0) then 'it was set last, and is missing' else 'nobody set it' end, false
  from register.contact_newest n
  full join (select x.board, max(x.number) as number from register.contact_list x group by x.board) l on l.board = n.board
  where coalesce(l.number, 0) is distinct from n.number
$$;
grant execute on function register.contact_faults() to instroom_reader;
-- verify --repair takes them as they are, under its reason.
insert into register.role_right (role, object, privilege) values
  ('instroom_repair', 'register.contact_list', 'select, update (seal)'), ('instroom_repair', 'register.contact_person', 'select'),
  ('instroom_repair', 'register.contact_newest', 'select, insert, update')
on conflict (role, object) do update set privilege = excluded.privilege;

alter table register.statement add column form smallint not null default 1 check (form in (1, 2));

create function register.statement_hash(s register.statement) returns bytea
language sql stable as $$
  select case s.form when 1 then register.statement_hash(s.previous, s.day, s.ends)
    else sha256(register.statement_hash(s.previous, s.day, s.ends) || convert_to(concat_ws(E'\n', s.form, s.who,
      to_char(s.made_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')), 'UTF8')) end
$$;
grant execute on function register.statement_hash(register.statement) to instroom_reader;

-- As of 0015; by whoever is logged in, whatever the program says (register.actor).
create or replace function register.statement_make(today date, maker text) returns boolean
language plpgsql as $$
declare
  last register.statement;
  made register.statement;
begin
  select * into last from register.statement order by day desc limit 1;
  if last.day >= today then return false; end if;
  made.day := today;
  made.made_at := now();
  made.who := register.actor(maker);
  made.ends := register.statement_ends();
  made.previous := last.hash;
  made.form := 2;
  insert into register.statement_board
    select today, coalesce(r.board, b.board), coalesce(r.deliveries, 0), coalesce(r.lines, 0),
           coalesce(r.outcomes, '{0,0,0,0,0,0,0}'), coalesce(r.confirmations, 0), coalesce(r.replays, 0),
           coalesce(b.teachers, 0), coalesce(b.active, 0), coalesce(r.digest, sha256(''))
    from register.statement_rows(coalesce(last.ends, '{}'), made.ends) r full join register.board b on b.board = r.board;
  made.hash := register.statement_hash(made);
  insert into register.statement values (made.*);
  return true;
end $$;

-- As of 0015, with the hash of each form.
create or replace function register.statement_faults() returns table (day date, board int, what text)
language sql stable as $$
  with chain as materialized (
    select s.*, register.statement_hash(s) as true_hash, lag(s.hash) over w as hash_before, lag(s.ends) over w as ends_before
    from register.statement s window w as (order by s.day)
  )
  select c.day, null::int, 'does not follow the statement before it' from chain c
  where c.previous is distinct from c.hash_before
  union all
  select c.day, null, 'is not what its hash says' from chain c
  where c.hash is distinct from c.true_hash
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
select register.grant_rights();
