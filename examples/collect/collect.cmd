@echo off
rem Gathers what iisaudit reads into one folder beside this script, named after
rem the computer. It only reads the server, and writes nowhere but into that
rem folder. For Windows Server 2003 to 2025, from an elevated prompt:
rem
rem     collect.cmd ["D:\web\orders" ["D:\web\billing" ...]]
rem
rem The folders are those of sites: their web.config files are copied as well.

setlocal EnableExtensions DisableDelayedExpansion
set /a missing=0
if "%~1"=="/?" goto usage

rem A 32-bit prompt on 64-bit Windows sees the real System32 as Sysnative.
set "sys=%SystemRoot%\System32"
if not defined PROCESSOR_ARCHITEW6432 goto folder
if exist "%SystemRoot%\Sysnative\reg.exe" set "sys=%SystemRoot%\Sysnative"

:folder
set "out=%~dp0%COMPUTERNAME%"
if not exist "%out%" goto create
echo "%out%" is there already. Rename it or move it away: an old file in it would
echo pass for a new one.
exit /b 2

:create
mkdir "%out%"
if not errorlevel 1 goto begin
echo "%out%" cannot be created. Copy this script into a folder that it may write to.
exit /b 2

:begin
echo Into "%out%":
ver | "%sys%\find.exe" " 5.2." >nul
if errorlevel 1 goto iis7

rem ---- Windows Server 2003: IIS 6 keeps its settings in the metabase ----
call :take inetsrv MetaBase.xml
call :take inetsrv MBSchema.xml
set "httpcfg=%ProgramFiles%\Support Tools\httpcfg.exe"
if not exist "%httpcfg%" set "httpcfg=%sys%\httpcfg.exe"
if exist "%httpcfg%" goto httpcfg
echo   not there: httpcfg.exe of the Support Tools, which lists the SSL records
set /a missing+=1
goto registry

:httpcfg
"%httpcfg%" query ssl >"%out%\httpcfg.txt"
if errorlevel 1 goto httpcfgfailed
echo   httpcfg.txt
goto registry

:httpcfgfailed
echo   failed: httpcfg query ssl; httpcfg.txt holds what it said
set /a missing+=1
goto registry

rem ---- Windows Server 2008 and later: files and the records of HTTP.sys ----
:iis7
call :take inetsrv\config applicationHost.config
call :take inetsrv\config redirection.config
if not exist "%out%\redirection.config" goto records
"%sys%\findstr.exe" /i "enabled=.true" "%out%\redirection.config" >nul
if errorlevel 1 goto records
echo   note: the configuration is shared. The applicationHost.config in effect is
echo   in the folder that redirection.config names: copy that one instead.

:records
"%sys%\netsh.exe" http show sslcert >"%out%\sslcert.txt"
if errorlevel 1 goto recordsfailed
echo   sslcert.txt
goto registry

:recordsfailed
echo   failed: netsh http show sslcert; sslcert.txt holds what it said
set /a missing+=1

rem ---- both: the registry, exported as UTF-16 text ----
:registry
call :export http.reg "HKLM\SYSTEM\CurrentControlSet\Services\HTTP\Parameters"
call :export schannel.reg "HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL"

rem ---- both: the version of Windows, which decides what some settings mean ----
"%sys%\reg.exe" query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion" /v CurrentBuildNumber >"%out%\windows.txt"
if errorlevel 1 goto versionfailed
echo   windows.txt
goto trusted

:versionfailed
echo   failed: reg query of the version of Windows
set /a missing+=1

rem ---- both: certificates that the computer trusts, without any key ----
:trusted
call :stores Root
call :stores CA
call :stores ClientAuthIssuer

rem ---- events of Schannel and HTTP.sys, the newest first ----
if not exist "%sys%\wevtutil.exe" goto oldevents
"%sys%\wevtutil.exe" qe System /q:"*[System[Provider[@Name='Schannel' or @Name='Microsoft-Windows-HttpEvent']]]" /c:500 /rd:true /e:Events /f:xml >"%out%\events.xml"
if errorlevel 1 goto eventsfailed
echo   events.xml
goto sites

:eventsfailed
echo   failed: wevtutil qe System; events.xml holds what it said
set /a missing+=1
goto sites

:oldevents
echo   note: events of Schannel are not gathered here. Save the System log of Event
echo   Viewer as CSV into the folder to have event 36885 looked at.

rem ---- web.config files, each below its own path so that sites are found ----
:sites
if "%~1"=="" goto done
set "from=%~f1"
if "%from:~-1%"=="\" set "from=%from:~0,-1%"
set "below=%from::=%"
if "%below:~0,2%"=="\\" set "below=%below:~2%"
shift
if exist "%from%\." goto site
echo   not there, or not readable: "%from%"
set /a missing+=1
goto sites

:site
rem xcopy asks nothing when its target is a folder that exists.
if not exist "%out%\sites\%below%\." mkdir "%out%\sites\%below%"
"%sys%\xcopy.exe" "%from%\web.config" "%out%\sites\%below%" /s /h /c /q /y >nul
if errorlevel 1 goto sitefailed
dir /s /b "%out%\sites\%below%\web.config" >nul 2>nul
if errorlevel 1 goto sitefailed
echo   web.config files of "%from%"
goto sites

:sitefailed
echo   not all copied, or none there: web.config files of "%from%"
set /a missing+=1
goto sites

:done
echo.
if not "%missing%"=="0" echo Could not be gathered: %missing%, see above. Was this prompt started as administrator?
echo Keep the folder confidential: applicationHost.config and web.config files hold
echo passwords and keys, most of them encrypted, and names of hosts and accounts.
echo.
echo Next, on any computer:
echo   iisaudit check "%out%"
if not "%missing%"=="0" exit /b 1
exit /b 0

:usage
echo collect.cmd ["FOLDER OF A SITE" ...]
echo Gathers what iisaudit reads into "%~dp0%COMPUTERNAME%", and changes nothing else.
echo Needs a prompt started as administrator. Folders: web.config files are copied too.
exit /b 2

rem Copies a file of the server: folder below System32, name.
:take
if not exist "%sys%\%~1\%~2" goto nottaken
copy /b "%sys%\%~1\%~2" "%out%\%~2" >nul
if errorlevel 1 goto nottaken
echo   %~2
exit /b 0

:nottaken
echo   not there, or not readable: %sys%\%~1\%~2
set /a missing+=1
exit /b 0

rem Lists a certificate store: name. Windows Server 2003 may be without certutil;
rem a store that nobody has used yet is not there, which certutil tells in the file.
:stores
if not exist "%sys%\certutil.exe" goto notlisted
echo certutil -store %1 >"%out%\%~1.store.txt"
"%sys%\certutil.exe" -store %1 >>"%out%\%~1.store.txt"
if errorlevel 1 goto nosuchstore
echo   %~1.store.txt
exit /b 0

:nosuchstore
echo   %~1.store.txt, which says why the store could not be listed
exit /b 0

:notlisted
echo   not there: certutil.exe, which lists the certificate store %1
set /a missing+=1
exit /b 0

rem Exports a key of the registry: file, key.
:export
"%sys%\reg.exe" export %2 "%out%\%~1" >nul
if errorlevel 1 goto notexported
echo   %~1
exit /b 0

:notexported
echo   not exported: %2
set /a missing+=1
exit /b 0
