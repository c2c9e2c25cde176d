-- What an operator asks the writers for by a message of the log (a confirmation, a volgnummer that is set back) changes no table of
-- his own accord: whoever could leave the row of the audit that goes before it could do it, with the task of looking at persons too.
-- That row is a repair's: who lacks instroom_repair gets none. Whoever works as instroom_reader, as before there were tasks, does.
create function register.check_act() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from (values ('instroom_repair'), ('instroom_reader'), ('instroom_gateway'),
                              ((select nspowner::regrole::text from pg_namespace where nspname = 'register'))) as r(name)
                 where to_regrole(r.name) is not null and pg_has_role(current_user, to_regrole(r.name), 'member')) then
    raise exception 'this wants the task instroom_repair' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger check_act before insert on register.access
  for each row when (new.request_id is not null) execute function register.check_act();
