DROP TABLE oidc_states;
DROP TABLE sign_in_attempts;
DROP TABLE identities;
DROP TABLE password_resets;
DROP TABLE invitations;
DROP TABLE api_keys;
DROP TABLE sessions;
