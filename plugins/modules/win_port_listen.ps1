#!powershell

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwDirectory

$spec = @{
    options = @{
        operation = @{ type = 'str'; required = $true; choices = @('serve', 'look', 'stop') }
        name = @{ type = 'str'; required = $true }
        state_directory = @{ type = 'path'; default = '%SystemRoot%\portmatrix-responder' }
        serves = @{ type = 'str'; default = '' }
        start = @{ type = 'str'; default = '' }
        endpoints = @{
            type = 'list'; elements = 'dict'; default = @()
            options = @{
                address = @{ type = 'str'; required = $true }
                protocol = @{ type = 'str'; required = $true; choices = @('tcp', 'udp') }
                port = @{ type = 'int'; required = $true }
                greeting = @{ type = 'str'; required = $true }
            }
        }
        request = @{ type = 'str'; default = '' }
        request_size = @{ type = 'int'; default = 0 }
        seconds = @{ type = 'int'; default = 120 }
        wait_seconds = @{ type = 'int'; default = 0 }
        job = @{ type = 'str'; default = '' }
    }
    # what is logged is put together piece by piece: with hundreds of endpoints that takes longer than listening
    no_log = $true
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$p = $module.Params
$module.Result.invocation = @{ module_args = @{ operation = $p.operation; name = $p.name } }

$lockFile = Join-Path -Path $p.state_directory -ChildPath "$($p.name).lock"
$recordFile = Join-Path -Path $p.state_directory -ChildPath "$($p.name).json"
$stopFile = Join-Path -Path $p.state_directory -ChildPath "$($p.name).stop"
$jobFile = Join-Path -Path $p.state_directory -ChildPath "$($p.name).job"
$pause = 100
$longestEnd = 10
$mostConnections = 256

Function Open-Lock {
    # Returns $null while a responder of this name runs: it has the file open, and Windows closes it with the process.
    try { return [System.IO.File]::Open($lockFile, 'OpenOrCreate', 'ReadWrite', 'None') } catch [System.IO.IOException] { return $null }
}

Function Close-Lock {
    Param($Lock)
    $Lock.Close()
    Remove-Item -LiteralPath $lockFile -ErrorAction SilentlyContinue
}

Function Wait-Lock {
    Param([int]$Seconds)
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    do {
        $lock = Open-Lock
        if ($lock -or $clock.Elapsed.TotalSeconds -ge $Seconds) { return $lock }
        Start-Sleep -Milliseconds $pause
    } while ($true)
}

Function Read-Text {
    # What is in a file; empty where there is none, or somebody is writing it.
    Param([string]$Path)
    try { return [System.IO.File]::ReadAllText($Path) } catch [System.IO.IOException] { return '' }
}

Function Clear-State {
    foreach ($file in $recordFile, $stopFile) { [System.IO.File]::Delete($file) }
}

Function Get-Held {
    # What is bound now, as texts. A wildcard address of the same family counts for each: Windows would let us take its packets.
    $properties = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
    $held = @{}
    foreach ($place in $properties.GetActiveTcpListeners()) { $held["tcp $($place.Address) $($place.Port)"] = $true }
    foreach ($place in $properties.GetActiveUdpListeners()) { $held["udp $($place.Address) $($place.Port)"] = $true }
    return $held
}

Function Open-Endpoint {
    Param($Endpoint)
    $address = [System.Net.IPAddress]::Parse($Endpoint.address)
    $kind = [System.Net.Sockets.SocketType]::Dgram
    $protocol = [System.Net.Sockets.ProtocolType]::Udp
    if ($Endpoint.protocol -eq 'tcp') {
        $kind = [System.Net.Sockets.SocketType]::Stream
        $protocol = [System.Net.Sockets.ProtocolType]::Tcp
    }
    $socket = New-Object System.Net.Sockets.Socket $address.AddressFamily, $kind, $protocol
    try {
        $socket.Blocking = $false
        $socket.ExclusiveAddressUse = $true
        $socket.Bind((New-Object System.Net.IPEndPoint $address, $Endpoint.port))
        if ($Endpoint.protocol -eq 'tcp') { $socket.Listen(2147483647) } else { $socket.ReceiveBufferSize = 262144 }
    } catch {
        $socket.Close()
        throw
    }
    return $socket
}

Function Get-Line {
    # The rest of the line that every prober gets: the address that it is seen to come from.
    Param([byte[]]$Greeting, $From)
    $peer = ([string]$From.Address -split '%')[0]
    $rest = [System.Text.Encoding]::ASCII.GetBytes("$peer`n")
    $line = New-Object byte[] ($Greeting.Length + $rest.Length)
    $Greeting.CopyTo($line, 0)
    $rest.CopyTo($line, $Greeting.Length)
    return , $line
}

Function Close-Connection {
    Param($Socket)
    $connections.Remove($Socket)
    $Socket.Close()
}

Function Receive-Request {
    # Answers all datagrams that wait.
    Param($Socket, [byte[]]$Greeting)
    $any = [System.Net.IPAddress]::Any
    if ($Socket.AddressFamily -eq [System.Net.Sockets.AddressFamily]::InterNetworkV6) { $any = [System.Net.IPAddress]::IPv6Any }
    do {
        $from = [System.Net.EndPoint](New-Object System.Net.IPEndPoint $any, 0)
        $count = $Socket.ReceiveFrom($buffer, [ref]$from)
        if ($count -ge $p.request_size -and $latin.GetString($buffer, 0, $count).StartsWith($request, [System.StringComparison]::Ordinal)) {
            $null = $Socket.SendTo((Get-Line -Greeting $Greeting -From $from), $from)
        }
    } while ($Socket.Available)
}

Function Receive-Connection {
    # Greets whoever connects, and lets the other side close first: the side that closes first keeps the port for minutes.
    Param($Socket, [byte[]]$Greeting)
    do {
        $peer = $Socket.Accept()
        try {
            $peer.Blocking = $false
            $null = $peer.Send((Get-Line -Greeting $Greeting -From $peer.RemoteEndPoint))
            $null = $connections.Add($peer)
        } catch {
            $peer.Close()
        }
        if ($connections.Count -gt $mostConnections) { Close-Connection -Socket $connections[0] }
    } while ($Socket.Poll(0, [System.Net.Sockets.SelectMode]::SelectRead))
}

Function Invoke-Serve {
    Param($Servers)
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    while ($clock.Elapsed.TotalSeconds -lt $p.seconds -and -not [System.IO.File]::Exists($stopFile)) {
        $ready = New-Object System.Collections.ArrayList
        $ready.AddRange($Servers.Keys)
        $ready.AddRange($connections)
        if (-not $ready.Count) { Start-Sleep -Milliseconds $pause; continue }
        [System.Net.Sockets.Socket]::Select($ready, $null, $null, 1000 * $pause)
        # datagrams first: a connection has been made already, and its side waits
        foreach ($socket in @($ready | Sort-Object -Property SocketType -Descending)) {
            try {
                if (-not $Servers.ContainsKey($socket)) {
                    if ($socket.Receive($buffer) -eq 0) { Close-Connection -Socket $socket }
                } elseif ($socket.SocketType -eq [System.Net.Sockets.SocketType]::Dgram) {
                    Receive-Request -Socket $socket -Greeting $Servers[$socket]
                } else {
                    Receive-Connection -Socket $socket -Greeting $Servers[$socket]
                }
            } catch {
                # the prober has gone again, or an earlier answer could not be delivered
                if ($connections.Contains($socket)) { Close-Connection -Socket $socket }
            }
        }
    }
}

if ($module.CheckMode -and $p.operation -ne 'look') { $module.ExitJson() }
if ($p.operation -eq 'serve' -or [System.IO.Directory]::Exists($p.state_directory)) {
    # whoever could write there could end a responder, or have a file of his choice removed
    try { Initialize-FwDirectory -Path $p.state_directory } catch { $module.FailJson($_.Exception.Message, $_) }
}
if ($p.operation -eq 'serve') {
    $lock = Open-Lock
    if (-not $lock) {
        $record = Read-Text -Path $recordFile
        if ($record -and ($record | ConvertFrom-Json).serves -ceq $p.serves) { $module.ExitJson() }
        [System.IO.File]::WriteAllText($stopFile, '')
        $lock = Wait-Lock -Seconds $longestEnd
        if (-not $lock) { $module.FailJson('the responder that was started before does not end') }
    }
    $latin = [System.Text.Encoding]::GetEncoding(28591)
    $request = $latin.GetString([System.Convert]::FromBase64String($p.request))
    $buffer = New-Object byte[] 65536
    $servers = @{}
    $connections = New-Object System.Collections.ArrayList
    $refused = New-Object System.Collections.ArrayList
    try {
        Clear-State
        $held = Get-Held
        for ($number = 0; $number -lt $p.endpoints.Count; $number++) {
            $endpoint = $p.endpoints[$number]
            $address = [System.Net.IPAddress]::Parse($endpoint.address)
            $wildcard = '0.0.0.0'
            if ($address.AddressFamily -eq [System.Net.Sockets.AddressFamily]::InterNetworkV6) { $wildcard = '::' }
            $reason = ''
            if ($held["$($endpoint.protocol) $wildcard $($endpoint.port)"] -or $held["$($endpoint.protocol) $address $($endpoint.port)"]) {
                $reason = 'AddressAlreadyInUse'
            } else {
                try { $servers[(Open-Endpoint -Endpoint $endpoint)] = [System.Convert]::FromBase64String($endpoint.greeting) } catch {
                    $base = $_.Exception.GetBaseException()
                    $reason = $base.Message
                    if ($base -is [System.Net.Sockets.SocketException]) { $reason = [string]$base.SocketErrorCode }
                }
            }
            if ($reason) { $null = $refused.Add([ordered]@{ number = $number; reason = $reason }) }
        }
        $record = [ordered]@{ pid = $PID; start = $p.start; serves = $p.serves; refused = @($refused) }
        [System.IO.File]::WriteAllText("$recordFile.new", (ConvertTo-Json -InputObject $record -Depth 4 -Compress))
        [System.IO.File]::Move("$recordFile.new", $recordFile)
        Invoke-Serve -Servers $servers
    } finally {
        foreach ($socket in @($servers.Keys) + @($connections)) { $socket.Close() }
        Clear-State
        Close-Lock -Lock $lock
    }
} elseif ($p.operation -eq 'look') {
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    do {
        $record = Read-Text -Path $recordFile
        $module.Result.record = ''
        if ($record) {
            # a record without its process is what a restart of the host leaves behind
            $lock = Open-Lock
            if ($lock) { Close-Lock -Lock $lock } else { $module.Result.record = $record }
        }
        $module.Result.job = ''
        if ($p.job) { $module.Result.job = Read-Text -Path $p.job }
        $mine = $module.Result.record -and ($module.Result.record | ConvertFrom-Json).start -ceq $p.start
        $ended = $module.Result.job -match '"finished":\s*(1|true)'
        if ($mine -or $ended -or $clock.Elapsed.TotalSeconds -ge $p.wait_seconds) { break }
        Start-Sleep -Milliseconds $pause
    } while ($true)
    if ($p.job -and $mine) {
        # for the stop, which removes what Ansible writes of a job
        [System.IO.File]::WriteAllText($jobFile, $p.job)
    } elseif ($ended) {
        Remove-Item -LiteralPath $p.job -ErrorAction SilentlyContinue
    }
} else {
    $module.Result.was_running = $false
    if ([System.IO.Directory]::Exists($p.state_directory)) {
        $record = Read-Text -Path $recordFile
        $lock = Open-Lock
        if (-not $lock) {
            $module.Result.was_running = $true
            [System.IO.File]::WriteAllText($stopFile, '')
            $lock = Wait-Lock -Seconds $p.wait_seconds
            if (-not $lock) { $module.FailJson("the responder does not end within $($p.wait_seconds) s") }
        }
        Clear-State
        if ([System.IO.File]::Exists($jobFile)) {
            # Ansible writes its own note of the job last of all, when its process ends
            if ($record) {
                $process = Get-Process -Id ($record | ConvertFrom-Json).pid -ErrorAction SilentlyContinue
                if ($process) { $null = $process.WaitForExit(1000 * $longestEnd) }
            }
            [System.IO.File]::Delete([System.IO.File]::ReadAllText($jobFile))
            [System.IO.File]::Delete($jobFile)
        }
        Close-Lock -Lock $lock
    }
    $module.Result.changed = $module.Result.was_running
}
$module.ExitJson()
