-- The roles and the database of the local stack; tables are made by instroomctl migrate. The passwords are secrets of
-- the service, read here by psql.
\set owner `cat /run/secrets/pg.owner.password`
\set writer `cat /run/secrets/pg.writer.password`
\set reader `cat /run/secrets/pg.reader.password`
\set gateway `cat /run/secrets/pg.gateway.password`
\set validator `cat /run/secrets/pg.validator.password`
create role instroom_owner login password :'owner';
create role instroom_writer login connection limit 20 password :'writer';
create role instroom_reader login password :'reader';
create role instroom_gateway login connection limit 20 password :'gateway';
create role instroom_validator login connection limit 20 password :'validator';
create role instroom_look;
create role instroom_persons;
create role instroom_replay;
create role instroom_repair;
create role instroom_reference;
create role instroom_access;
create database instroom owner instroom_owner template template0 encoding 'UTF8' locale 'C';
revoke all on database instroom from public;
grant connect on database instroom to instroom_writer, instroom_reader, instroom_gateway, instroom_validator;
grant temporary on database instroom to instroom_repair;
