-- Contact persons are given to who left a row of the audit, by the database itself, as teachers are (0022): a gateway reads them
-- by the number of a row that stands, and setting them leaves the row in the same transaction.

-- The row of a reading that this login began, lately and in an earlier transaction. One of contact persons says so, and shows
-- nobody else; the others show no contact person.
create function register.row_of_reading(id uuid, of_contacts boolean) returns register.access
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  found register.access;
begin
  select * into found from register.access a
    where a.reading = id and a.login = session_user and a.at > now() - interval '10 minutes'
    and a.made_in is distinct from pg_current_xact_id_if_assigned()
    and (a.what like 'gateway: contactpersonen%') = of_contacts;
  if found.board is null then
    raise exception 'persons are shown to who left a row of the audit' using errcode = 'insufficient_privilege';
  end if;
  return found;
end $$;
revoke all on function register.row_of_reading(uuid, boolean) from public;

create or replace function register.board_of_reading(id uuid) returns int
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (register.row_of_reading(id, false)).board;
end $$;

create function register.read_contact_persons(reading uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return register.contact_persons_json((register.row_of_reading(reading, true)).board);
end $$;

-- Who set them is shown as the row says who asks: the board itself and an operator see all, others what was theirs.
create function register.read_contact_history(reading uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  asked register.access := register.row_of_reading(reading, true);
begin
  return register.contact_history_json(asked.board, asked.basis in ('eigen', 'beheer'), asked.party, asked.sender);
end $$;

-- The SHA-256 of what read_contact_persons gives, for If-Match. Shows nobody.
create function register.ask_contact_digest(of_board int) returns bytea
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return sha256(convert_to(register.contact_persons_json(of_board), 'UTF8'));
end $$;

-- Sets them, and leaves the row, whose number reads them once this is committed. null: they are others and must not be replaced;
-- nothing is done. They are already these: nothing changes, whatever may be replaced, so that a sender whose answer was lost is
-- told that it was done. The caller holds the board's lock (common/render/contact_persons.c).
create function register.put_contact_persons(of_board int, persons jsonb, may_replace boolean, by_sender text, by_party text,
                                             on_basis text, of_version bigint, of_trace text)
returns uuid language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  standing jsonb;
  id uuid;
begin
  select coalesce(jsonb_agg(jsonb_build_object('taak', p.task, 'naam', p.name, 'telefoon', p.phone, 'email', p.email)
                            order by p.place), '[]') into standing
    from register.contact_person p where p.board = of_board
    and p.number = (select max(l.number) from register.contact_list l where l.board = of_board);
  if not may_replace and persons is distinct from standing then
    return null;
  end if;
  id := register.begin_reading(of_board, 'gateway: contactpersonen gezet', by_sender, by_party, on_basis, of_version, of_trace);
  perform register.set_contact_persons(of_board, persons, by_sender, by_party, on_basis);
  return id;
end $$;

delete from register.role_right where role = 'instroom_gateway'
  and object ~ 'register\.(contact_persons_json|contact_history_json|set_contact_persons)\(';
do $$
declare
  f regprocedure;
begin
  for f in select oid::regprocedure from pg_proc where pronamespace = 'register'::regnamespace
           and proname in ('read_contact_persons', 'read_contact_history', 'ask_contact_digest', 'put_contact_persons') loop
    execute format('revoke all on function %s from public', f);
    insert into register.role_right (role, object, privilege) values ('instroom_gateway', 'function ' || f, 'execute');
    execute format('grant execute on function %s to instroom_reader', f); -- for a gateway that has no role of its own yet
  end loop;
end $$;
select register.grant_rights();
