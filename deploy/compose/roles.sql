-- The roles and the database of the local stack; tables are made by instroomctl migrate.
create role instroom_owner login password 'local-owner';
create role instroom_writer login password 'local-writer';
create role instroom_reader login password 'local-reader';
create database instroom owner instroom_owner template template0 encoding 'UTF8' locale 'C';
revoke all on database instroom from public;
grant connect on database instroom to instroom_writer, instroom_reader;
