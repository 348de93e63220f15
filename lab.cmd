@echo off
rem Builds the jars that are missing or older than their sources, then runs the lab: lab --help
setlocal
set "ROOT=%~dp0"

set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
"%JAVA%" -version >nul 2>&1
if errorlevel 1 (
  echo lab: There is no java: install JDK 17 or newer 1>&2
  exit /b 1
)

set "LESSON="
set "COMMAND="
set "SKIP="
call :scan %*
goto stale

rem Of "run 1", "break --kills 3 01" and "run 01-basic" the lesson's folder; of "server --port 0 creds"
rem the one that issues the login.
:scan
if "%~1"=="" exit /b
set "WORD=%~1"
shift
if defined SKIP (
  set "SKIP="
  goto scan
)
if "%WORD:~0,1%"=="-" (
  for %%O in (--port --data --kills --seed --fault -n --count) do if "%WORD%"=="%%O" set "SKIP=yes"
  goto scan
)
if not defined COMMAND (
  set "COMMAND=%WORD%"
  goto scan
)
if "%COMMAND% %WORD%"=="server creds" set "LESSON=02-creds-auth"
if "%COMMAND% %WORD%"=="server token" set "LESSON=06-kv-token"
if "%COMMAND%"=="server" goto scan
if not "%COMMAND%"=="run" if not "%COMMAND%"=="break" exit /b
if "%WORD:~-1%"=="\" set "WORD=%WORD:~0,-1%"
if "%WORD:~-1%"=="/" set "WORD=%WORD:~0,-1%"
for /d %%F in ("%ROOT%??-*") do (
  for /f "delims=-" %%N in ("%%~nxF") do (
    if "%WORD%"=="%%~nxF" set "LESSON=%%~nxF"
    if "%WORD%"=="%%N" set "LESSON=%%~nxF"
    if "0%WORD%"=="%%N" set "LESSON=%%~nxF"
  )
)
exit /b

rem Every build makes lab.jar and then the lesson's jars: no source may be newer than the last one.
:stale
set "MODULES=support/lab"
set "SOURCES=pom.xml,servers,support/cli,support/resilience,support/server,support/lab"
set "JAR=support\lab\target\lab.jar"
if defined LESSON (
  set "MODULES=support/lab,%LESSON%"
  set "SOURCES=%SOURCES%,%LESSON%"
  set "JAR=%LESSON%\target\subscriber.jar"
)
pushd "%ROOT%"
if not exist "support\lab\target\lab.jar" goto build
if not exist "%JAR%" goto build
if "%LESSON%"=="02-creds-auth" if not exist "%LESSON%\target\issuer.jar" goto build
if "%LESSON%"=="06-kv-token" if not exist "%LESSON%\target\issuer.jar" goto build
powershell -NoProfile -Command "$built = (Get-Item '%JAR%').LastWriteTime; if (Get-ChildItem %SOURCES% -Recurse -File | Where-Object { $_.FullName -notlike '*\target\*' -and $_.LastWriteTime -gt $built }) { exit 1 }"
if errorlevel 1 goto build
goto run

:build
call mvn -v >nul 2>&1
if errorlevel 1 (
  echo lab: There is no mvn: install Maven 3.8 or newer 1>&2
  popd
  exit /b 1
)
echo lab: Building ... the first time Maven fetches 70 MB 1>&2
if not exist support\lab\target mkdir support\lab\target
if exist "%JAR%" del "%JAR%"
call mvn -q -B -Dmaven.test.skip=true package -am -pl "%MODULES%" >support\lab\target\build.log 2>&1
if errorlevel 1 (
  type support\lab\target\build.log 1>&2
  echo lab: The build failed, see above 1>&2
  popd
  exit /b 1
)

:run
popd
"%JAVA%" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx64m -jar "%ROOT%support\lab\target\lab.jar" %*
exit /b %errorlevel%
