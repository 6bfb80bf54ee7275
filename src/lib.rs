//! iisaudit audits the SSL and client-certificate configuration of IIS servers, offline: it reads their files, works out what is in
//! effect for each site and URL, says where each value comes from, compares sites, and reports what is wrong.

pub mod apphost;
pub mod catalogue;
pub mod change;
pub mod cli;
pub mod compare;
pub mod diagnose;
pub mod estate;
pub mod evidence;
pub mod explain;
pub mod facts;
pub mod fleet;
mod hashing;
pub mod httpsys;
pub mod input;
pub mod metabase;
pub mod policy;
pub mod remedy;
pub mod report;
pub mod review;
pub mod rules;
pub mod schannel;
pub mod server;
mod spelling;
mod workers;
pub mod xml;
