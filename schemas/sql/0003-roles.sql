-- Least privilege (design 9): the writer moves the register, the reader looks; roles are made by whoever makes the database.
do $$
begin
  if not exists (select from pg_roles where rolname = 'instroom_writer') then create role instroom_writer; end if;
  if not exists (select from pg_roles where rolname = 'instroom_reader') then create role instroom_reader; end if;
end $$;
grant usage on schema register to instroom_writer, instroom_reader;
grant select, insert, update, delete on all tables in schema register to instroom_writer;
revoke insert, delete on register.cursor from instroom_writer;
grant select on all tables in schema register to instroom_reader;
grant execute on all functions in schema register to instroom_writer, instroom_reader;
