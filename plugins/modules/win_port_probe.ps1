#!powershell

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic

$spec = @{
    options = @{
        targets = @{
            type = 'list'; elements = 'dict'; required = $true
            options = @{
                source = @{ type = 'str'; required = $true }
                address = @{ type = 'str'; required = $true }
                protocol = @{ type = 'str'; required = $true; choices = @('tcp', 'udp') }
                port = @{ type = 'int'; required = $true }
                question = @{ type = 'str'; default = '' }
                at_once = @{ type = 'bool'; default = $false }
            }
        }
        request = @{ type = 'str'; required = $true }
        word = @{ type = 'str'; required = $true }
        milliseconds = @{ type = 'int'; required = $true }
        concurrency = @{ type = 'int'; required = $true }
    }
    # what is logged is put together piece by piece: with thousands of targets that takes longer than the probes
    no_log = $true
    supports_check_mode = $true
}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$module.Result.invocation = @{ module_args = @{ targets = $module.Params.targets.Count } }

$clock = [System.Diagnostics.Stopwatch]::StartNew()
$latin = [System.Text.Encoding]::GetEncoding(28591)
$targets = $module.Params.targets
$limit = $module.Params.milliseconds
$request = [System.Convert]::FromBase64String($module.Params.request)
$buffer = New-Object byte[] 65536
$mostBytes = 4096
$mostAnswers = 8
# Packets beyond what a neighbour's queue holds are lost while its hardware address is asked for: bursts start small.
$burst = 32
$mostBurst = 256
$burstPause = 10

$observations = New-Object object[] $targets.Count
$attempts = @{}
$connecting = New-Object System.Collections.ArrayList
$reading = New-Object System.Collections.ArrayList
$halfway = New-Object System.Collections.Queue
$deadlines = New-Object System.Collections.Queue

Function Get-SocketErrorName {
    Param($Exception)
    $base = $Exception.GetBaseException()
    if ($base -is [System.Net.Sockets.SocketException]) { return [string]$base.SocketErrorCode }
    return $base.Message
}

Function Complete-Attempt {
    Param($Attempt, [string]$Failure = '')
    if ($Attempt.data.Length) { $null = $Attempt.answers.Add([System.Convert]::ToBase64String($Attempt.data.ToArray())) }
    $observations[$Attempt.number] = [ordered]@{ stage = $Attempt.stage; error = $Failure; answers = @($Attempt.answers) }
    $Attempt.done = $true
    if ($Attempt.socket) {
        $attempts.Remove($Attempt.socket)
        $connecting.Remove($Attempt.socket)
        $reading.Remove($Attempt.socket)
        $Attempt.socket.Close()
    }
}

Function Start-Attempt {
    Param([int]$Number)
    $target = $targets[$Number]
    $attempt = @{
        number = $Number; socket = $null; tcp = $target.protocol -eq 'tcp'; stage = 'bind'; done = $false; waited = $false; asked = $false
        question = [System.Convert]::FromBase64String($target.question); at_once = $target.at_once; begun = $clock.ElapsedMilliseconds
        data = New-Object System.IO.MemoryStream; answers = New-Object System.Collections.ArrayList
    }
    try {
        $address = [System.Net.IPAddress]::Parse($target.address)
        $kind = [System.Net.Sockets.SocketType]::Dgram
        $protocol = [System.Net.Sockets.ProtocolType]::Udp
        if ($attempt.tcp) {
            $kind = [System.Net.Sockets.SocketType]::Stream
            $protocol = [System.Net.Sockets.ProtocolType]::Tcp
        }
        $attempt.socket = New-Object System.Net.Sockets.Socket $address.AddressFamily, $kind, $protocol
        $attempt.socket.Blocking = $false
        $attempt.socket.Bind((New-Object System.Net.IPEndPoint ([System.Net.IPAddress]::Parse($target.source)), 0))
        $attempt.stage = 'connect'
        $attempts[$attempt.socket] = $attempt
        $attempt.socket.Connect((New-Object System.Net.IPEndPoint $address, $target.port))
    } catch {
        $failure = Get-SocketErrorName -Exception $_.Exception
        if ($attempt.stage -ne 'connect' -or $failure -notin 'WouldBlock', 'InProgress', 'IOPending') {
            Complete-Attempt -Attempt $attempt -Failure $failure
            return
        }
    }
    if ($attempt.tcp) {
        $null = $connecting.Add($attempt.socket)
    } else {
        $attempt.stage = 'send'
        $null = $reading.Add($attempt.socket)
        $attempt.asked = $attempt.at_once
        Send-Datagram -Attempt $attempt
        if ($attempt.done) { return }
        $attempt.stage = 'read'
    }
    $halfway.Enqueue($attempt)
    $deadlines.Enqueue($attempt)
}

Function Send-Datagram {
    # The question first: a time server that limits its clients answers only the first of two packets.
    Param($Attempt)
    try {
        if ($Attempt.asked -and $Attempt.question.Length) { $null = $Attempt.socket.Send($Attempt.question) }
        $null = $Attempt.socket.Send($request)
    } catch {
        Complete-Attempt -Attempt $Attempt -Failure (Get-SocketErrorName -Exception $_.Exception)
    }
}

Function Send-Question {
    Param($Attempt)
    $Attempt.asked = $true
    # what became of the connection is seen when reading
    try { $null = $Attempt.socket.Send($Attempt.question) } catch [System.Net.Sockets.SocketException] { $Attempt.waited = $true }
}

Function Read-Stream {
    Param($Attempt)
    if ($Attempt.stage -eq 'connect') {
        $code = [int]$Attempt.socket.GetSocketOption([System.Net.Sockets.SocketOptionLevel]::Socket, [System.Net.Sockets.SocketOptionName]::Error)
        if ($code -ne 0) {
            Complete-Attempt -Attempt $Attempt -Failure ([string](New-Object System.Net.Sockets.SocketException $code).SocketErrorCode)
            return
        }
        $Attempt.stage = 'read'
        $connecting.Remove($Attempt.socket)
        $null = $reading.Add($Attempt.socket)
        if ($Attempt.question.Length -and ($Attempt.at_once -or $Attempt.waited)) { Send-Question -Attempt $Attempt }
        if (-not $Attempt.socket.Poll(0, [System.Net.Sockets.SelectMode]::SelectRead)) { return }
    }
    try {
        $count = $Attempt.socket.Receive($buffer)
    } catch {
        $failure = Get-SocketErrorName -Exception $_.Exception
        if ($failure -ne 'WouldBlock') { Complete-Attempt -Attempt $Attempt -Failure $failure }
        return
    }
    $Attempt.data.Write($buffer, 0, $count)
    $text = $latin.GetString($Attempt.data.ToArray())
    $end = "`r`n`r`n"
    if (-not $Attempt.asked -or $text.StartsWith($module.Params.word, [System.StringComparison]::Ordinal)) { $end = "`n" }
    if ($count -eq 0 -or $text.Length -ge $mostBytes -or $text.Contains($end)) { Complete-Attempt -Attempt $Attempt }
}

Function Read-Datagram {
    Param($Attempt)
    try {
        $count = $Attempt.socket.Receive($buffer)
    } catch {
        $failure = Get-SocketErrorName -Exception $_.Exception
        if ($failure -ne 'WouldBlock') { Complete-Attempt -Attempt $Attempt -Failure $failure }
        return
    }
    $null = $Attempt.answers.Add([System.Convert]::ToBase64String($buffer, 0, $count))
    $greeted = $latin.GetString($buffer, 0, $count).StartsWith($module.Params.word, [System.StringComparison]::Ordinal)
    if ($greeted -or -not $Attempt.question.Length -or $Attempt.answers.Count -ge $mostAnswers) {
        Complete-Attempt -Attempt $Attempt
    } elseif (-not $Attempt.asked) {
        # it complains about our request: what it is shows when it is asked properly
        Send-Question -Attempt $Attempt
    }
}

$next = 0
$nextBurst = 0
while ($next -lt $targets.Count -or $attempts.Count) {
    if ($next -lt $targets.Count -and $attempts.Count -lt $module.Params.concurrency -and $clock.ElapsedMilliseconds -ge $nextBurst) {
        $last = [Math]::Min($targets.Count, $next + [Math]::Min($burst, $module.Params.concurrency - $attempts.Count))
        for (; $next -lt $last; $next++) { Start-Attempt -Number $next }
        $burst = [Math]::Min($mostBurst, $burst * 2)
        $nextBurst = $clock.ElapsedMilliseconds + $burstPause
    }
    # what came in before the deadline has been read by the time that the deadline is looked at, however late this loop is
    $asked = $clock.ElapsedMilliseconds
    if ($attempts.Count) {
        $readable = New-Object System.Collections.ArrayList
        $readable.AddRange($reading)
        $writable = New-Object System.Collections.ArrayList
        $writable.AddRange($connecting)
        $failed = New-Object System.Collections.ArrayList
        $failed.AddRange($attempts.Keys)
        [System.Net.Sockets.Socket]::Select($readable, $writable, $failed, 1000 * $burstPause)
        foreach ($socket in @($readable) + @($writable) + @($failed)) {
            $attempt = $attempts[$socket]
            if ($null -eq $attempt) { continue }
            if ($attempt.tcp) { Read-Stream -Attempt $attempt } else { Read-Datagram -Attempt $attempt }
        }
    } else {
        Start-Sleep -Milliseconds $burstPause
    }
    while ($halfway.Count -and $halfway.Peek().begun + $limit / 2 -le $asked) {
        $attempt = $halfway.Dequeue()
        if ($attempt.done) { continue }
        $attempt.waited = $true
        if (-not $attempt.tcp) {
            $attempt.asked = $true
            Send-Datagram -Attempt $attempt
        } elseif ($attempt.question.Length -and -not $attempt.asked -and $attempt.stage -eq 'read') {
            Send-Question -Attempt $attempt
        }
    }
    while ($deadlines.Count -and $deadlines.Peek().begun + $limit -le $asked) {
        $attempt = $deadlines.Dequeue()
        if (-not $attempt.done) { Complete-Attempt -Attempt $attempt }
    }
}

$module.Result.observations = @($observations)
$module.Result.seconds = [Math]::Round($clock.Elapsed.TotalSeconds, 3)
$module.ExitJson()
